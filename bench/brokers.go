package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/notewire/notewire/internal/postgres"
)

// natsServer is this program again, as a NATS server of its own process.
type natsServer struct{}

// Run serves until its standard input ends, so also when the parent does.
func (*natsServer) Run() error {
	s, err := natsd.NewServer(&natsd.Options{Host: "127.0.0.1", Port: natsd.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		return err
	}
	s.Start()
	defer s.Shutdown()
	if !s.ReadyForConnections(10 * time.Second) {
		return errors.New("the NATS server does not start")
	}
	fmt.Println(s.ClientURL())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// startNATS returns the address of a NATS server, and what ends it.
func startNATS(ctx context.Context) (address string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, "nats-server")
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "nats://") {
			return lines.Text(), stop, nil
		}
	}
	stop()
	return "", nil, errors.New("the NATS server ended before it was ready")
}

// arrival bounds the wait for what must come.
const arrival = 5 * time.Second

// rawNotify is the time from a NOTIFY to its arrival at a LISTEN, n times, one after the other.
func rawNotify(ctx context.Context, dsn string, n int) ([]time.Duration, error) {
	db, err := postgres.Open(ctx, dsn, postgres.Options{MaxConns: 1})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	l := pq.NewListener(dsn, time.Second, time.Second, nil)
	defer l.Close()
	if err := l.Listen("bench"); err != nil {
		return nil, err
	}
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		if _, err := db.ExecContext(ctx, `SELECT pg_notify('bench', $1)`, strconv.Itoa(i)); err != nil {
			return nil, err
		}
		select {
		case <-l.Notify:
			took[i] = time.Since(began)
		case <-time.After(arrival):
			return nil, errors.New("a notification did not come")
		}
	}
	return took, nil
}

// rawNATS is the time from a message to its arrival on another connection, n times, one after the other.
func rawNATS(address string, n int) ([]time.Duration, error) {
	from, err := nats.Connect(address)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, err := nats.Connect(address)
	if err != nil {
		return nil, err
	}
	defer to.Close()
	in := make(chan *nats.Msg, 1)
	if _, err := to.ChanSubscribe("bench", in); err != nil {
		return nil, err
	}
	if err := to.Flush(); err != nil {
		return nil, err
	}
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		if err := from.Publish("bench", []byte(strconv.Itoa(i))); err != nil {
			return nil, err
		}
		select {
		case <-in:
			took[i] = time.Since(began)
		case <-time.After(arrival):
			return nil, errors.New("a message did not come")
		}
	}
	return took, nil
}
