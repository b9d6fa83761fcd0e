package transport

import (
	"io"
	"net"
	"syscall"
)

// connSource reads a connection. If its descriptor can be waited for, no buffer is held while nothing
// arrives; otherwise (TLS, wrapped connections) it reads straight into where the bytes are wanted.
type connSource struct {
	conn net.Conn
	raw  syscall.RawConn // nil if it cannot be waited for
	lent *[]byte         // the buffer under rest, to be given back
	rest []byte          // read and not yet taken
}

func (c *connSource) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		if c.raw == nil {
			return c.conn.Read(p)
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *connSource) take(n int) ([]byte, bool) {
	if n > len(c.rest) {
		return nil, false
	}
	p := c.rest[:n]
	c.rest = c.rest[n:]
	return p, true
}

// fill waits until bytes have arrived, and only then borrows a buffer for them.
func (c *connSource) fill() error {
	c.release()
	var (
		lent *[]byte
		n    int
		err  error
	)
	waitErr := c.raw.Read(func(fd uintptr) bool {
		lent = borrowBuffer()
		n, err = readDescriptor(fd, (*lent)[:cap(*lent)])
		if err == errWouldBlock {
			returnBuffer(lent)
			lent = nil
			return false
		}
		return true
	})
	switch {
	case waitErr != nil:
		err = waitErr
	case err == nil && n == 0:
		err = io.EOF
	}
	if err != nil {
		returnBuffer(lent)
		return err
	}
	c.lent, c.rest = lent, (*lent)[:n]
	return nil
}

// release gives the buffer back; what take returned is no longer valid.
func (c *connSource) release() {
	returnBuffer(c.lent)
	c.lent, c.rest = nil, nil
}

// descriptorOf returns how to wait for conn without a buffer, or nil if that is not possible. Only the
// standard library's own types: a wrapper may want to see the bytes.
func descriptorOf(conn net.Conn) syscall.RawConn {
	if !descriptorsSupported {
		return nil
	}
	var raw syscall.RawConn
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	}
	if err != nil {
		return nil
	}
	return raw
}
