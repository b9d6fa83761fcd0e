//go:build !unix

package transport

import "errors"

// Elsewhere sockets take the road of TLS connections: net.Conn's own Read and Write.
const descriptorsSupported = false

var errWouldBlock = errors.New("would block")

func readDescriptor(uintptr, []byte) (int, error)  { return 0, errors.ErrUnsupported }
func writeDescriptor(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
