package transport

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// CloseError is an error that carries the code and the reason of a websocket's close frame. What a
// Websocket's Init returns may be or wrap one. Reason is shown to the client, cut to 123 bytes (RFC 6455,
// section 5.5).
type CloseError struct {
	Code   int
	Reason string
}

func (e *CloseError) Error() string { return fmt.Sprintf("websocket close %d: %s", e.Code, e.Reason) }

func protocolError(reason string) error { return &CloseError{int(ws.StatusProtocolError), reason} }

// byteSource is where a frameReader reads from. An idle source holds no buffer.
type byteSource interface {
	io.Reader
	// take returns the next n bytes without copying, valid until the next call, if they are at hand.
	take(n int) ([]byte, bool)
}

// frameReader takes a client's messages out of its frames by the rules of RFC 6455 for a server without
// extensions.
type frameReader struct {
	src byteSource
	max int // bytes of one message

	scratch    [ws.MaxHeaderSize]byte
	fragmented bool      // between the first and the last frame of a message
	opcode     ws.OpCode // of that message
	message    []byte    // what has arrived of it
}

// payloadChunk is how much a frame may claim before it has sent it: memory grows as bytes arrive.
const payloadChunk = 4 << 10

// next returns one whole text message or one control frame. The payload is valid until the next call.
// Errors are a *CloseError if the client broke the protocol, otherwise those of the connection.
func (f *frameReader) next() (ws.OpCode, []byte, error) {
	for {
		h, err := f.header()
		if err != nil {
			return 0, nil, err
		}
		if h.OpCode.IsControl() {
			payload, err := f.control(h)
			return h.OpCode, payload, err
		}
		if !f.fragmented {
			f.opcode = h.OpCode
		}
		f.fragmented = !h.Fin
		if h.Fin && len(f.message) == 0 {
			if p, ok := f.src.take(int(h.Length)); ok { // the usual case: nothing is copied
				ws.Cipher(p, h.Mask, 0)
				return f.opcode, p, checkText(p)
			}
		}
		if err := f.collect(h); err != nil {
			return 0, nil, err
		}
		if h.Fin {
			p := f.message
			f.message = nil
			return f.opcode, p, checkText(p)
		}
	}
}

// header reads and checks one frame header, before anything is allocated for its payload.
func (f *frameReader) header() (ws.Header, error) {
	h, err := ws.ReadHeaderBuffer(f.src, f.scratch[:])
	switch {
	case err == ws.ErrHeaderLengthMSB || err == ws.ErrHeaderLengthUnexpected:
		return h, protocolError(err.Error())
	case err != nil:
		return h, err
	}
	state := ws.StateServerSide
	if f.fragmented {
		state = state.Set(ws.StateFragmented)
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return h, protocolError(err.Error())
	}
	switch {
	case h.OpCode == ws.OpBinary:
		return h, &CloseError{int(ws.StatusUnsupportedData), "send text messages, not binary ones"}
	case h.OpCode.IsData() && h.Length > int64(f.max-len(f.message)):
		return h, &CloseError{int(ws.StatusMessageTooBig), fmt.Sprintf("a message may have at most %d bytes", f.max)}
	}
	return h, nil
}

func (f *frameReader) control(h ws.Header) ([]byte, error) {
	p := make([]byte, h.Length) // at most 125 bytes: checked
	if _, err := io.ReadFull(f.src, p); err != nil {
		return nil, err
	}
	ws.Cipher(p, h.Mask, 0)
	if h.OpCode == ws.OpClose {
		return p, checkClose(p)
	}
	return p, nil
}

// collect appends the payload of a frame to the message.
func (f *frameReader) collect(h ws.Header) error {
	start := len(f.message)
	for left := int(h.Length); left > 0; {
		n := min(left, payloadChunk)
		at := len(f.message)
		f.message = append(f.message, make([]byte, n)...)
		if _, err := io.ReadFull(f.src, f.message[at:]); err != nil {
			return err
		}
		left -= n
	}
	ws.Cipher(f.message[start:], h.Mask, 0)
	return nil
}

func checkText(p []byte) error {
	if !utf8.Valid(p) {
		return &CloseError{int(ws.StatusInvalidFramePayloadData), "a text message must be valid UTF-8"}
	}
	return nil
}

// checkClose applies RFC 6455, sections 5.5.1 and 7.4, to the payload of a client's close frame, with the
// codes registered since (1012 to 1014).
func checkClose(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if len(p) == 1 {
		return protocolError("a close frame has no payload or one that starts with a code of two bytes")
	}
	code := binary.BigEndian.Uint16(p)
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
	default:
		return protocolError(fmt.Sprintf("close code %d must not be sent", code))
	}
	if !utf8.Valid(p[2:]) {
		return &CloseError{int(ws.StatusInvalidFramePayloadData), "a close reason must be valid UTF-8"}
	}
	return nil
}

// appendFrame appends one unmasked, unfragmented frame whose payload is the parts in a row.
func appendFrame(dst []byte, op ws.OpCode, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	dst = append(dst, 0x80|byte(op))
	switch {
	case n < 126:
		dst = append(dst, byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	for _, p := range parts {
		dst = append(dst, p...)
	}
	return dst
}

// closePayload is a code and a reason, cut to what a control frame can hold without breaking a rune.
func closePayload(code int, reason string) []byte {
	for i := range reason {
		if _, size := utf8.DecodeRuneInString(reason[i:]); i+size > ws.MaxControlFramePayloadSize-2 {
			reason = reason[:i]
			break
		}
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// bufferPool lends the buffers through which sockets read and write, for as long as there is something
// in them.
var bufferPool = sync.Pool{New: func() any { b := make([]byte, 0, bufferSize); return &b }}

const (
	bufferSize = 4 << 10  // a usual message, or a page of small events
	bufferKeep = 64 << 10 // larger ones are not pooled: one big answer must not stay in memory
)

func borrowBuffer() *[]byte { return bufferPool.Get().(*[]byte) }

func returnBuffer(b *[]byte) {
	if b != nil && cap(*b) <= bufferKeep {
		*b = (*b)[:0]
		bufferPool.Put(b)
	}
}
