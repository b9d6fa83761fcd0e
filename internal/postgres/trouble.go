package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// explainConnect says in words why a connection could not be made, and what to do. It does not repeat the
// connection string: that may hold a password.
func explainConnect(cfg pq.Config, err error) error {
	place := fmt.Sprintf("%s, port %d", cfg.Host, cfg.Port)
	if len(cfg.Multi) > 0 {
		place += " and others"
	}
	say := func(format string, args ...any) error {
		return fmt.Errorf(format+" (%w)", append(args, err)...)
	}
	if e, ok := errors.AsType[*pq.Error](err); ok {
		switch e.Code {
		case pqerror.InvalidPassword, pqerror.InvalidAuthorizationSpecification:
			return say("the database at %s refuses the user %q: correct user and password in DATABASE_URL, and see that pg_hba.conf lets that user in from here", place, cfg.User)
		case pqerror.InvalidCatalogName:
			return say("there is no database %q at %s: make it with createdb, or name another in DATABASE_URL", cfg.Database, place)
		case pqerror.InsufficientPrivilege:
			return say("the user %q may not connect to the database %q: GRANT CONNECT", cfg.User, cfg.Database)
		case pqerror.TooManyConnections:
			return say("the database at %s has no connection left: raise its max_connections, or lower --db-max-conns of all servers", place)
		case pqerror.CannotConnectNow:
			return say("the database at %s is starting or stopping: try again in a moment", place)
		case pqerror.ProtocolViolation:
			if strings.Contains(e.Message, "startup parameter") { // pgbouncer's words
				return say("DATABASE_URL leads to a pooler that does not take our settings: name the database itself, or have the pooler work in session mode and ignore the startup parameters statement_timeout, lock_timeout and idle_in_transaction_session_timeout")
			}
		}
		return say("the database at %s refuses the connection", place)
	}
	var name *net.DNSError
	var dial *net.OpError
	switch {
	case errors.As(err, &name):
		return say("the host %s in DATABASE_URL is not known", cfg.Host)
	case errors.Is(err, pq.ErrSSLNotSupported):
		return say("the database at %s speaks no TLS: add sslmode=disable to DATABASE_URL if the network can be trusted", place)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return say("the database at %s does not answer: see that it runs, and that nothing between here and there holds packets back", place)
	case errors.As(err, &dial):
		return say("the database at %s cannot be reached: see that it runs, and correct host and port in DATABASE_URL", place)
	}
	return say("the database at %s does not answer", place)
}
