package transport

import (
	"encoding/json"
	"testing"
)

// Whatever a text message holds, it is understood or refused, and what is taken from it is what it says.
func FuzzParseMessage(f *testing.F) {
	for _, text := range []string{
		`{"type":"connection_init","payload":{"authorization":"Bearer x"}}`,
		`{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":{"n":[1,{"x":null}]},"extensions":{}}}`,
		`{"type":"pong","payload":{"p":{"1":"c"}}}`,
		`{"type":"ping","payload":null,"id":7}`,
		`{"type":"ping","payload": "\ud800"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseMessage(raw)
		if err != nil {
			return
		}
		if !json.Valid(raw) || m.kind == "" {
			t.Fatalf("understood %q as %+v", raw, m)
		}
		if m.payload != nil && !json.Valid(m.payload) {
			t.Fatalf("the payload is %q", m.payload)
		}
		if object, err := m.object(); err == nil && (object == nil) != (m.payload == nil) {
			t.Fatalf("%q became %v", m.payload, object)
		}
		if m.payload != nil {
			_, _ = ParseRequest(m.payload)
		}
	})
}
