package transport

import "github.com/gobwas/ws"

// keepAlive is what graphql-ws, the protocol of the package subscriptions-transport-ws, has for a ping.
const keepAlive = `{"type":"ka"}`

// receiveLegacy is the server's side of graphql-ws as its clients use it. Where that protocol is silent
// the rules of the newer one hold: the same limits, close codes and errors. A rejected connection is closed
// with its code, without connection_error, since the code says more.
func (s *socket) receiveLegacy(m message) error {
	switch m.kind {
	case "connection_init":
		return s.connectionInit(m)
	case "start":
		return s.subscribeMessage(m)
	case "stop":
		if err := m.needID(); err != nil {
			return err
		}
		s.stop(m.id, true)
		return nil
	case "connection_terminate":
		s.close(int(ws.StatusNormalClosure), "")
		return nil
	}
	return errUnknownType
}
