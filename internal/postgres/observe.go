package postgres

import (
	"context"
	"database/sql/driver"
)

// observed is a connector that tells a function of each statement its connections execute, prepared or
// not. The begin and the end of a transaction are no statements here.
type observed struct {
	driver.Connector
	observe func(statement string)
}

// Connect implements driver.Connector.
func (o observed) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := o.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return observedConn{c.(wholeConn), o.observe}, nil
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

type observedConn struct {
	wholeConn
	observe func(string)
}

func (c observedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.observe(text)
	return c.wholeConn.ExecContext(ctx, text, args)
}

func (c observedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.observe(text)
	return c.wholeConn.QueryContext(ctx, text, args)
}

func (c observedConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := c.wholeConn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return observedStmt{s.(wholeStmt), text, c.observe}, nil
}

type wholeStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type observedStmt struct {
	wholeStmt
	text    string
	observe func(string)
}

func (s observedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.observe(s.text)
	return s.wholeStmt.ExecContext(ctx, args)
}

func (s observedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.observe(s.text)
	return s.wholeStmt.QueryContext(ctx, args)
}
