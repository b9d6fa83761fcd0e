package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gobwas/ws"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The close codes of graphql-transport-ws, and those of RFC 6455's registry that this server gives a
// meaning to.
const (
	closeGoingAway  = 1001 // no pong
	closeRestart    = 1012
	closeTryLater   = 1013
	closeBadMessage = 4400
	closeNoInit     = 4401
	closeForbidden  = 4403
	closeProtocol   = 4406
	closeInitLate   = 4408
	closeDuplicate  = 4409
	closeInitTwice  = 4429
)

// maxID bounds an operation's id in bytes: it is kept, and repeated in every message of the operation.
// Clients use a UUID or less.
const maxID = 256

// message is what a client says. Payload is valid until the next frame is read.
type message struct {
	kind    string
	id      string
	payload json.RawMessage // nil: absent or null
}

// parseMessage reads the parts that all messages share. Names are taken exactly, unknown ones ignored.
func parseMessage(raw []byte) (m message, err error) {
	var fields map[string]json.RawMessage // a struct would accept "TYPE" too
	if json.Unmarshal(raw, &fields) != nil {
		return m, errors.New("a message must be a JSON object")
	}
	if json.Unmarshal(fields["type"], &m.kind) != nil || m.kind == "" {
		return m, errors.New(`a message must have a "type", a string`)
	}
	if id := fields["id"]; isString(id) {
		_ = json.Unmarshal(id, &m.id) // it is a string
	}
	if p := fields["payload"]; len(p) > 0 && p[0] != 'n' {
		m.payload = p
	}
	return m, nil
}

func isString(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

// needID checks the id of a message that must have one.
func (m message) needID() error {
	switch {
	case m.id == "":
		return fmt.Errorf(`%q must have an "id", a non-empty string`, m.kind)
	case len(m.id) > maxID:
		return fmt.Errorf("an id may have at most %d bytes", maxID)
	}
	return nil
}

// object decodes a payload that is an object, null or absent.
func (m message) object() (map[string]any, error) {
	if m.payload == nil {
		return nil, nil
	}
	if m.payload[0] != '{' {
		return nil, fmt.Errorf("the payload of %q must be an object", m.kind)
	}
	if err := CheckText(m.payload); err != nil {
		return nil, errors.New(err.Message)
	}
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(m.payload))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("the payload of %q must be an object", m.kind)
	}
	return object, nil
}

// receive acts on one message of a client. It never waits for anything but the socket's mutex.
func (s *socket) receive(raw []byte) {
	s.mu.Lock()
	closing := s.closing
	s.mu.Unlock()
	if closing { // it has not seen our close frame yet
		return
	}
	m, err := parseMessage(raw)
	if err == nil {
		if s.legacy {
			err = s.receiveLegacy(m)
		} else {
			err = s.receiveTransport(m)
		}
	}
	if err != nil {
		s.close(closeBadMessage, err.Error())
	}
}

// receiveTransport is the server's side of graphql-transport-ws. An error is a bad message.
func (s *socket) receiveTransport(m message) error {
	switch m.kind {
	case "connection_init":
		return s.connectionInit(m)
	case "ping":
		if m.payload != nil && m.payload[0] != '{' {
			return errors.New(`the payload of "ping" must be an object`)
		}
		if m.payload == nil {
			s.send(ws.OpText, []byte(`{"type":"pong"}`))
		} else {
			s.send(ws.OpText, []byte(`{"type":"pong","payload":`), m.payload, []byte(`}`))
		}
		return nil
	case "pong":
		if m.payload != nil && m.payload[0] != '{' {
			return errors.New(`the payload of "pong" must be an object`)
		}
		s.pong(m.payload)
		return nil
	case "subscribe":
		return s.subscribeMessage(m)
	case "complete":
		if err := m.needID(); err != nil {
			return err
		}
		s.stop(m.id, false)
		return nil
	}
	return errUnknownType
}

var errUnknownType = errors.New("unknown message type")

// subscribeMessage is "subscribe", and "start" of the older protocol.
func (s *socket) subscribeMessage(m message) error {
	if err := m.needID(); err != nil {
		return err
	}
	s.mu.Lock()
	ready, taken := s.phase == acknowledged, s.find(m.id) != nil
	s.mu.Unlock()
	switch {
	case !ready:
		s.close(closeNoInit, "Unauthorized")
		return nil
	case taken && s.legacy: // the newer one replaces it
		s.stop(m.id, false)
	case taken:
		s.close(closeDuplicate, "Subscriber for "+m.id+" already exists")
		return nil
	case m.payload == nil:
		return fmt.Errorf("%q must have a payload, an object", m.kind)
	}
	params, problem := ParseRequest(m.payload)
	switch {
	case problem == nil:
		s.subscribe(m.id, params)
	case problem.Extensions["code"] == codeBadRequest: // not in the form of the protocol
		return errors.New(problem.Message)
	default:
		key, _ := json.Marshal(m.id)
		s.mu.Lock()
		s.queueError(key, gqlerror.List{problem})
		s.mu.Unlock()
		s.flush()
	}
	return nil
}

// queueNext queues one result of an operation; s.mu is held.
func (s *socket) queueNext(key, response []byte) bool {
	kind := `,"type":"next","payload":`
	if s.legacy {
		kind = `,"type":"data","payload":`
	}
	return s.queue(ws.OpText, []byte(`{"id":`), key, []byte(kind), response, []byte(`}`))
}

// queueComplete queues the end of an operation; s.mu is held.
func (s *socket) queueComplete(key []byte) {
	s.queue(ws.OpText, []byte(`{"id":`), key, []byte(`,"type":"complete"}`))
}

// queueError queues the end of an operation by errors; s.mu is held.
func (s *socket) queueError(key []byte, errs gqlerror.List) {
	if len(errs) == 0 { // an error gate that swallows errors must not make a malformed message
		errs = gqlerror.List{requestError(codeInternal, "internal error")}
	}
	var payload any = errs
	if s.legacy {
		payload = errs[0] // that protocol has one
	}
	var b bytes.Buffer
	if encodeJSON(&b, payload) != nil {
		b.Reset()
		_ = encodeJSON(&b, gqlerror.List{requestError(codeInternal, "internal error")})
	}
	s.queue(ws.OpText, []byte(`{"id":`), key, []byte(`,"type":"error","payload":`), b.Bytes(), []byte(`}`))
}

var _ graphql.Transport = (*Websocket)(nil)
