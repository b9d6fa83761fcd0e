package accounts

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

func TestMain(m *testing.M) {
	postgrestest.Main(m, func(dsn string) error {
		db, err := postgres.Open(context.Background(), dsn, postgres.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		return postgres.Migrate(context.Background(), db.DB, slog.New(slog.DiscardHandler))
	})
}

func open(t *testing.T, dsn string, ttl time.Duration) *Accounts {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	log := slog.New(slog.DiscardHandler)
	events, _, err := stream.New(t.Context(), db, stream.NewPostgresBroker(db, log), time.Second, log)
	if err != nil {
		t.Fatal(err)
	}
	return New(db, events, ttl)
}

func unauthenticated(err error) bool {
	var p *problem.Error
	return errors.As(err, &p) && p.Code == problem.Unauthenticated
}

func TestTokensAreRefusedByTheirForm(t *testing.T) {
	t.Parallel()
	secret, hash := newToken(sessionPrefix)
	if !wellFormed(secret) || string(hash) != string(hashToken(secret)) {
		t.Error("a token of our own is refused")
	}
	for i := range secret {
		flipped := []byte(secret)
		flipped[i] ^= 1
		if wellFormed(string(flipped)) {
			t.Errorf("a slip at %d passes", i)
		}
	}
	for _, bad := range []string{"", sessionPrefix, secret + "A", secret[:len(secret)-1], strings.ToUpper(secret)} {
		if wellFormed(bad) {
			t.Errorf("%q passes", bad)
		}
	}
}

func TestASessionEndsAtItsTimeAndAtItsLogout(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.New(t)
	here, elsewhere := open(t, dsn, time.Hour), open(t, dsn, -time.Second)
	kept, err := here.Register(t.Context(), Registration{Username: "mina", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	expired, err := elsewhere.Login(t.Context(), "mina", "correct horse") // its sessions are over at once
	if err != nil {
		t.Fatal(err)
	}
	if _, err := here.Authenticate(t.Context(), expired.Token); !unauthenticated(err) {
		t.Errorf("expired: %v", err)
	}
	if err := here.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	var tokens int
	if err := here.db.QueryRowContext(t.Context(), `SELECT count(*) FROM tokens`).Scan(&tokens); err != nil || tokens != 1 {
		t.Errorf("%d tokens are left, %v", tokens, err)
	}
	for range 2 { // from the table, then remembered
		v, err := here.Authenticate(t.Context(), kept.Token)
		if err != nil || v != kept.Viewer {
			t.Errorf("%+v %v, want %+v", v, err, kept.Viewer)
		}
	}
	if err := here.Logout(t.Context(), kept.Viewer); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Authenticate(t.Context(), kept.Token); !unauthenticated(err) {
		t.Errorf("logged out: %v", err)
	}
	if alive, err := here.Sessions(t.Context(), []uuid.UUID{kept.Viewer.SessionID, expired.Viewer.SessionID}); err != nil || len(alive) > 0 {
		t.Errorf("sessions that are left: %v %v", alive, err)
	}
}

func TestOnlyTheSecretsHashIsStored(t *testing.T) {
	t.Parallel()
	a := open(t, postgrestest.New(t), time.Hour)
	s, err := a.Register(t.Context(), Registration{Username: "mina", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	var user, token string
	if err := a.db.QueryRowContext(t.Context(), `SELECT (SELECT u::text FROM users u), (SELECT k::text FROM tokens k)`).Scan(&user, &token); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(user, "correct horse") || strings.Contains(token, s.Token) || !strings.Contains(user, "$argon2id$") {
		t.Errorf("stored: %s %s", user, token)
	}
	for _, phc := range []string{"", "correct horse", "$argon2id$v=18$m=1,t=1,p=1$AA$AA", "$argon2id$v=19$m=1,t=1,p=1$%$AA"} {
		if ok, err := checkPassword(t.Context(), phc, "correct horse"); ok || err == nil {
			t.Errorf("%q is taken for a hash: %t %v", phc, ok, err)
		}
	}
}
