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

	first [1]byte // what await reads, to know that there is more
}

func (c *connSource) Read(p []byte) (int, error) {
	switch {
	case len(c.rest) == 0 && c.raw == nil:
		return c.conn.Read(p)
	case len(c.rest) == 0, c.lent == nil && &c.rest[0] == &c.first[0]:
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

// await returns when there is something to read, or the error that there will be nothing. It needs no
// buffer and little stack. Where that is impossible it returns at once, and Read waits.
func (c *connSource) await() error {
	if c.raw == nil || len(c.rest) > 0 {
		return nil
	}
	c.release()
	var n int
	var err error
	waitErr := c.raw.Read(func(fd uintptr) bool {
		n, err = readDescriptor(fd, c.first[:])
		return err != errWouldBlock
	})
	switch {
	case waitErr != nil:
		return waitErr
	case err != nil:
		return err
	case n == 0:
		return io.EOF
	}
	c.rest = c.first[:]
	return nil
}

// idle says that everything read has been taken, and that await is the way to wait for more.
func (c *connSource) idle() bool { return c.raw != nil && len(c.rest) == 0 }

// fill waits for bytes and then reads what is there, at most one buffer.
func (c *connSource) fill() error {
	if err := c.await(); err != nil {
		return err
	}
	lent := borrowBuffer()
	b := (*lent)[:cap(*lent)]
	b[0] = c.first[0]
	var n int
	var err error
	waitErr := c.raw.Read(func(fd uintptr) bool {
		n, err = readDescriptor(fd, b[1:])
		return true // an error, or nothing more yet: there is the one byte
	})
	if waitErr != nil || err != nil {
		n = 0
	}
	c.lent, c.rest = lent, b[:1+n]
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
