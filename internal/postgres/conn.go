package postgres

import (
	"context"
	"database/sql/driver"
	"net"
	"time"

	"github.com/lib/pq"
)

// silence is how long the server may leave a request unanswered: its statement_timeout, and 2 s for the way
// and a busy machine. A connection that was silent for longer is given up.
const silence = 7 * time.Second

// connector makes connections that never wait for ever. lib/pq is given contexts that cannot be cancelled:
// it would need a goroutine to watch each of them, which costs a quarter of the throughput, and its way of
// cancelling is to ask the server, which is of no use when that is silent. A deadline on the socket needs
// neither.
type connector struct {
	cfg     pq.Config
	observe func(statement string) // told of each statement just before it is executed; may be nil
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return &pq.Driver{} }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	connector, err := pq.NewConnectorConfig(c.cfg)
	if err != nil {
		return nil, err
	}
	d := &dialer{}
	connector.Dialer(d)
	made, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{wholeConn: made.(wholeConn), line: d.line, observe: c.observe}, nil
}

// dialer dials for one connection, and keeps the line it was made on: of several hosts, the last one tried.
type dialer struct {
	net.Dialer
	line *line
}

// DialContext implements pq.DialerContext.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.line = &line{Conn: c}
	return d.line, nil
}

// DialTimeout completes pq.Dialer; lib/pq prefers DialContext.
func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// line is the socket of a connection. Whatever is written to it must be answered in time. Between requests
// nothing is read, so that a deadline which passes then does no harm: the next request brings a new one.
type line struct {
	net.Conn
	connected bool
	until     time.Time // when whoever has the connection gives up in any case; zero: never
}

// SetDeadline is called by lib/pq to limit the time of connecting, and to lift that limit.
func (l *line) SetDeadline(t time.Time) error {
	l.connected = t.IsZero()
	return l.Conn.SetDeadline(t)
}

// Write sends a request, or a part of one, and limits the time of its answer.
func (l *line) Write(b []byte) (int, error) {
	if l.connected {
		by := time.Now().Add(silence)
		if !l.until.IsZero() && l.until.Before(by) {
			by = l.until
		}
		if err := l.Conn.SetDeadline(by); err != nil {
			return 0, err
		}
	}
	return l.Conn.Write(b)
}

// limit makes the deadline of ctx, if it has one, that of the answers.
func (l *line) limit(ctx context.Context) {
	if t, ok := ctx.Deadline(); ok {
		l.until = t
	}
}

// wholeConn is all of what database/sql asks a connection of lib/pq for.
type wholeConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// conn is a connection of the pool. The begin and the end of a transaction are no statements to observe.
type conn struct {
	wholeConn
	line    *line
	observe func(string)
}

var unwatched = context.Background() // for lib/pq, see connector

func (c *conn) begin(ctx context.Context, statement string) {
	c.line.limit(ctx)
	if c.observe != nil && statement != "" {
		c.observe(statement)
	}
}

// ResetSession is called before somebody else gets the connection.
func (c *conn) ResetSession(context.Context) error {
	c.line.until = time.Time{}
	return c.wholeConn.ResetSession(unwatched)
}

// Close says good-bye in its own time: whoever had the connection last may have given up long since.
func (c *conn) Close() error {
	c.line.until = time.Time{}
	return c.wholeConn.Close()
}

func (c *conn) Ping(ctx context.Context) error {
	c.begin(ctx, "")
	return c.wholeConn.Ping(unwatched)
}

// BeginTx begins a transaction all of whose statements must be answered before the deadline of ctx.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	c.begin(ctx, "")
	tx, err := c.wholeConn.BeginTx(unwatched, options)
	if err != nil {
		return nil, err
	}
	return connTx{tx, c}, nil
}

func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.begin(ctx, text)
	return c.wholeConn.ExecContext(unwatched, text, args)
}

func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.begin(ctx, text)
	return c.wholeConn.QueryContext(unwatched, text, args)
}

func (c *conn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	c.begin(ctx, "")
	s, err := c.wholeConn.PrepareContext(unwatched, text)
	if err != nil {
		return nil, err
	}
	return connStmt{s.(wholeStmt), c, text}, nil
}

type connTx struct {
	driver.Tx
	conn *conn
}

// Rollback may take its time when the transaction's is up, or a slow one would cost its connection too.
func (t connTx) Rollback() error {
	t.conn.line.until = time.Time{}
	return t.Tx.Rollback()
}

type wholeStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type connStmt struct {
	wholeStmt
	conn *conn
	text string
}

func (s connStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.begin(ctx, s.text)
	return s.wholeStmt.ExecContext(unwatched, args)
}

func (s connStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.begin(ctx, s.text)
	return s.wholeStmt.QueryContext(unwatched, args)
}
