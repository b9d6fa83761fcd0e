package transport

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/gobwas/ws"
	"pgregory.net/rapid"
)

// chunks is a byteSource that gives what a reader has, and sometimes has it at hand.
type chunks struct {
	io.Reader
	rest []byte
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	return c.Reader.Read(p)
}

func (c *chunks) take(n int) ([]byte, bool) {
	if n > len(c.rest) {
		return nil, false
	}
	p := c.rest[:n]
	c.rest = c.rest[n:]
	return p, true
}

// However messages are cut into frames, with pings in between, and frames into reads, the same messages
// come out.
func TestFrameReaderReassembles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		messages := rapid.SliceOfN(rapid.StringN(0, 300, 9000), 1, 4).Draw(t, "messages")
		var raw []byte
		frame := func(op ws.OpCode, fin bool, p []byte) {
			raw = append(raw, ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, p)))...)
		}
		pings := 0
		for _, m := range messages {
			op, left := ws.OpText, []byte(m)
			for {
				n := rapid.IntRange(0, len(left)).Draw(t, "cut")
				if rapid.Bool().Draw(t, "ping") {
					frame(ws.OpPing, true, nil)
					pings++
				}
				last := n == len(left)
				frame(op, last, left[:n])
				op, left = ws.OpContinuation, left[n:]
				if last {
					break
				}
			}
		}
		src := &chunks{Reader: bytes.NewReader(nil), rest: raw}
		if rapid.Bool().Draw(t, "small reads") {
			src = &chunks{Reader: iotest.OneByteReader(bytes.NewReader(raw))}
		}
		reader := &frameReader{src: src, max: 16 << 10}
		for _, want := range messages {
			for {
				op, p, err := reader.next()
				if err != nil {
					t.Fatal(err)
				}
				if op == ws.OpPing {
					pings--
					continue
				}
				if string(p) != want {
					t.Fatalf("got %q, want %q", p, want)
				}
				break
			}
		}
		if _, _, err := reader.next(); err != io.EOF || pings != 0 {
			t.Fatalf("at the end: %v, %d pings missing", err, pings)
		}
	})
}

// Whatever bytes come, the reader ends with an error of the protocol or of the connection, and holds no
// more than a message and what it has been sent.
func FuzzFrameReader(f *testing.F) {
	f.Add([]byte{0x81, 0x82, 1, 2, 3, 4, 'h', 'i'})
	f.Add([]byte{0x01, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 1})
	f.Add([]byte{0x88, 0x80, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		const limit = 100
		reader := &frameReader{src: &chunks{rest: bytes.Clone(raw), Reader: bytes.NewReader(nil)}, max: limit}
		for {
			op, p, err := reader.next()
			var fault *CloseError
			switch {
			case errors.As(err, &fault):
				if fault.Code < 1002 || fault.Code > 1009 {
					t.Fatalf("the fault is %v", fault)
				}
				return
			case err == io.EOF || err == io.ErrUnexpectedEOF:
				return
			case err != nil:
				t.Fatal(err)
			}
			if len(p) > limit && op == ws.OpText || len(p) > 125 && op != ws.OpText {
				t.Fatalf("%v of %d bytes", op, len(p))
			}
		}
	})
}

func TestClosePayload(t *testing.T) {
	long := bytes.Repeat([]byte("é"), 100)
	p := closePayload(4400, string(long))
	if len(p) > ws.MaxControlFramePayloadSize || len(p) < 120 || checkClose(p) != nil {
		t.Fatalf("%d bytes: %v", len(p), checkClose(p))
	}
	if got := closePayload(1000, ""); !bytes.Equal(got, []byte{3, 232}) {
		t.Fatal(got)
	}
}
