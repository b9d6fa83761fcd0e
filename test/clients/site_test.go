//go:build clients

package clients

import (
	"database/sql"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"go.uber.org/goleak"

	"github.com/notewire/notewire/test/binary"
)

func TestMain(m *testing.M) {
	code := binary.Main(m)
	idle := []goleak.Option{goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")}
	if err := goleak.Find(idle...); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// site is a server for one client, the proxy before it, and somebody who writes notes.
type site struct {
	t      *testing.T
	server *binary.Server
	proxy  *proxy
	friend *binary.Client

	mu    sync.Mutex
	users int
}

func newSite(t *testing.T) *site {
	t.Helper()
	server := binary.Start(t, binary.Options{Folder: binary.Folder(t), Addr: binary.FixedAddr(t)})
	s := &site{t: t, server: server, proxy: newProxy(t, server.Addr)}
	s.friend = binary.Register(t, server.URL, "friend")
	return s
}

// user registers one more.
func (s *site) user() *binary.Client {
	s.mu.Lock()
	s.users++
	name := fmt.Sprintf("user_%d", s.users)
	s.mu.Unlock()
	return binary.Register(s.t, s.server.URL, name)
}

// restart kills the server and starts it again.
func (s *site) restart() {
	s.server.Kill()
	s.server = s.server.Again(s.t)
}

// expire lets the sessions of a user end at a moment, in the database.
func (s *site) expire(username string, in time.Duration) error {
	connector, err := pq.NewConnector(s.server.DSN())
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	result, err := db.Exec(`UPDATE tokens SET expires_at = now() + $2 * interval '1 millisecond' WHERE user_id = (SELECT id FROM users WHERE username = $1)`, username, in.Milliseconds())
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("no session to expire: %w", err)
	}
	return nil
}
