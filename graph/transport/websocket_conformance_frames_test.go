package transport_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// frameChecks are about RFC 6455.
var frameChecks = []check{
	{"ping frame", "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, with identical application data (5.5.2, 5.5.3).", false, func(t *testing.T, url string) {
		p := connect(t, url)
		must(t, p.Frame(ws.NewPingFrame([]byte("data"))))
		f, err := p.ReadFrame()
		must(t, err)
		if f.Header.OpCode != ws.OpPong || string(f.Payload) != "data" {
			t.Fatalf("got %v %q", f.Header.OpCode, f.Payload)
		}
	}},
	{"fragments", "A fragmented message, with control frames in between (5.4).", false, func(t *testing.T, url string) {
		p := connect(t, url)
		text := []byte(`{"type":"ping","payload":{"ü":"` + strings.Repeat("ü", 5000) + `"}}`)
		cut := 33 // within a code point
		must(t, p.Frame(ws.NewFrame(ws.OpText, false, text[:cut])))
		must(t, p.Frame(ws.NewPingFrame(nil)))
		must(t, p.Frame(ws.NewFrame(ws.OpContinuation, false, nil)))
		must(t, p.Frame(ws.NewFrame(ws.OpContinuation, false, text[cut:4200])))
		must(t, p.Frame(ws.NewPongFrame([]byte("unasked"))))
		must(t, p.Frame(ws.NewFrame(ws.OpContinuation, true, text[4200:])))
		p.expectPayload("pong", "", string(text[len(`{"type":"ping","payload":`):len(text)-1]))
	}},
	{"byte by byte", "Frames have no relation to packets.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		for _, b := range ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(`{"type":"ping"}`)))) {
			must(t, p.Raw([]byte{b}))
		}
		p.expect("pong", "")
	}},
	{"many in one packet", "Frames have no relation to packets.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		var raw []byte
		for i := range 300 {
			text := fmt.Sprintf(`{"type":"ping","payload":{"n":%d}}`, i)
			raw = append(raw, ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(text))))...)
		}
		must(t, p.Raw(raw))
		for i := range 300 {
			p.expectPayload("pong", "", fmt.Sprintf(`{"n":%d}`, i))
		}
	}},
	{"largest message", "A message of exactly the limit is taken.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.send("%s", sized(maxMessage))
		p.expect("pong", "")
	}},
	{"message too big", "1009: a message that is too big for it to process (7.4.1).", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.send("%s", sized(maxMessage+1))
		p.expectClose(1009)
	}},
	{"message too big in fragments", "1009: a message that is too big for it to process (7.4.1).", false, func(t *testing.T, url string) {
		p := connect(t, url)
		must(t, p.Frame(ws.NewFrame(ws.OpText, false, make([]byte, maxMessage-10))))
		must(t, p.Frame(ws.NewFrame(ws.OpContinuation, false, make([]byte, 11))))
		p.expectClose(1009)
	}},
	{"five megabytes", "The rest of a message that is too big is read, so that the client can read why it was refused (7.1.1).", true, func(t *testing.T, url string) {
		p := connect(t, url)
		p.send("%s", sized(5<<20))
		p.expectClose(1009)
	}},
	{"claimed length", "1009 before memory is set aside for a length of 2^62.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		must(t, p.Raw(binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, 1<<62)))
		must(t, p.Raw([]byte{1, 2, 3, 4}))
		p.expectClose(1009)
	}},
	{"binary", "1003: it received data that it cannot accept (7.4.1).", true, func(t *testing.T, url string) {
		p := connect(t, url)
		must(t, p.Frame(ws.NewBinaryFrame([]byte(`{"type":"ping"}`))))
		p.expectClose(1003)
	}},
	{"unmasked", "The server MUST close the connection upon receiving a frame that is not masked (5.1).", false, badFrame(1002, ws.MustCompileFrame(ws.NewTextFrame([]byte(`{"type":"ping"}`))))},
	{"reserved bit 1", "RSV bits MUST be 0 unless an extension is negotiated; permessage-deflate is not (5.2).", false, badFrame(1002, []byte{0xc1, 0x80, 0, 0, 0, 0})},
	{"reserved bit 2", "RSV bits MUST be 0 unless an extension is negotiated (5.2).", false, badFrame(1002, []byte{0xa1, 0x80, 0, 0, 0, 0})},
	{"reserved bit 3", "RSV bits MUST be 0 unless an extension is negotiated (5.2).", false, badFrame(1002, []byte{0x91, 0x80, 0, 0, 0, 0})},
	{"reserved opcode 3", "If an unknown opcode is received, the receiving endpoint MUST fail the connection (5.2).", false, badFrame(1002, []byte{0x83, 0x80, 0, 0, 0, 0})},
	{"reserved opcode 11", "If an unknown opcode is received, the receiving endpoint MUST fail the connection (5.2).", false, badFrame(1002, []byte{0x8b, 0x80, 0, 0, 0, 0})},
	{"fragmented ping", "Control frames MUST NOT be fragmented (5.5).", false, badFrame(1002, []byte{0x09, 0x80, 0, 0, 0, 0})},
	{"long ping", "All control frames MUST have a payload length of 125 bytes or less (5.5).", false, badFrame(1002, append([]byte{0x89, 0xfe, 0, 126, 0, 0, 0, 0}, make([]byte, 126)...))},
	{"continuation of nothing", "A continuation frame must have something to continue (5.4).", false, badFrame(1002, []byte{0x80, 0x80, 0, 0, 0, 0})},
	{"message within a message", "The fragments of one message MUST NOT be interleaved between those of another (5.4).", false, badFrame(1002, []byte{0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0})},
	{"length of 2^63", "The most significant bit of a 64-bit length MUST be 0 (5.2).", true, badFrame(1002, []byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})},
	{"bad UTF-8", "1007: data within a message that was not consistent with its type (8.1).", false, badFrame(1007, ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("{\"type\":\"ping\xff\"}")))))},
	{"close with one byte", "If there is a body, the first two bytes MUST be a status code (5.5.1).", false, badFrame(1002, []byte{0x88, 0x81, 0, 0, 0, 0, 3})},
	{"close with 1005", "1005 MUST NOT be set as a status code by an endpoint (7.4.1).", false, badFrame(1002, []byte{0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed})},
	{"close with 999", "Status codes in the range 0-999 are not used (7.4.2).", false, badFrame(1002, []byte{0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe7})},
	{"close with a bad reason", "The reason is UTF-8 (5.5.1).", false, badFrame(1007, []byte{0x88, 0x83, 0, 0, 0, 0, 0x03, 0xe8, 0xff})},
	{"close answered", "If an endpoint receives a Close frame and did not previously send one, it MUST send a Close frame in response (5.5.1).", false, func(t *testing.T, url string) {
		for _, code := range []int{1000, 1001, 1012, 3000, 4999} {
			p := connect(t, url)
			must(t, p.Frame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(code), "bye"))))
			p.expectClose(code)
		}
		p := connect(t, url)
		must(t, p.Frame(ws.NewCloseFrame(nil)))
		p.expect("close", "")
	}},
	{"connection ends", "After both sending and receiving a Close message, the server MUST close the TCP connection immediately (7.1.1).", false, func(t *testing.T, url string) {
		p := connect(t, url)
		must(t, p.Frame(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, ""))))
		p.expectClose(1000)
		if _, err := p.Read(); err == nil {
			t.Fatal("something followed the close frame")
		}
	}},
}

func badFrame(code int, raw []byte) func(*testing.T, string) {
	return func(t *testing.T, url string) {
		p := connect(t, url)
		must(t, p.Raw(raw))
		p.expectClose(code)
	}
}

// sized is a ping of exactly n bytes.
func sized(n int) string {
	const frame = `{"type":"ping","payload":{"x":""}}`
	return frame[:len(frame)-3] + strings.Repeat("x", n-len(frame)) + frame[len(frame)-3:]
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
