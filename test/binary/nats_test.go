package binary_test

import (
	"database/sql"
	"strings"
	"testing"

	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/notewire/notewire/test/binary"
)

// TestTwoServersOnNATS starts them before NATS is there, then has it come, go and come again: notes are
// acknowledged and arrive all the time, in order, and readiness says how it stands.
func TestTwoServersOnNATS(t *testing.T) {
	t.Parallel()
	addr := binary.FixedAddr(t)
	env := []string{"NATS_URL=nats://" + addr, "NOTEWIRE_POLL_INTERVAL=200ms"}
	one := binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: env, Args: []string{"--admin-addr", "off"}})
	two := binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: append(env, "DATABASE_URL="+one.DSN()), Args: []string{"--admin-addr", "off"}})
	ready := func(want int) {
		t.Helper()
		for _, s := range []*binary.Server{one, two} {
			if said := awaitReadiness(t, s, want); want != 200 && !strings.Contains(said, "broker") {
				t.Errorf("not ready for another reason: %s", said)
			}
		}
	}
	alice, bob := binary.Register(t, one.URL, "alice"), binary.Register(t, two.URL, "bob")
	socket := bob.Subscribe(`subscription($after: Cursor!) { noteReceived(after: $after) { note { id } } }`, binary.Vars{"after": bob.Cursor()})
	write := func() {
		t.Helper()
		var sent []string
		for range 5 {
			id, _ := alice.Send(bob.ID, "안녕")
			sent = append(sent, id)
		}
		for _, want := range sent {
			if got := binary.Text(t, socket.Next(), "noteReceived.note.id"); got != want {
				t.Fatalf("%s came, not %s", got, want)
			}
		}
	}
	ready(503)
	if !strings.Contains(one.Log(), "NATS is not there") {
		t.Errorf("nothing is said of it:\n%s", one.Log())
	}
	write()
	for range 2 {
		nats := binary.StartNATS(t, addr, natsd.Options{})
		ready(200)
		write()
		nats.Shutdown()
		ready(503)
		write()
	}
	db, err := sql.Open("postgres", one.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var listening, notified int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FILTER (WHERE query ILIKE 'LISTEN%'), count(*) FILTER (WHERE query ILIKE '%pg_notify%' AND pid <> pg_backend_pid()) FROM pg_stat_activity`).Scan(&listening, &notified); err != nil || listening+notified > 0 {
		t.Errorf("%d connections listen and %d notify beside NATS: %v", listening, notified, err)
	}
}

func TestNATSThatRefuses(t *testing.T) {
	t.Parallel()
	addr := binary.FixedAddr(t)
	binary.StartNATS(t, addr, natsd.Options{Username: "notewire", Password: "right"})
	said := strings.TrimSpace(binary.Refused(t, binary.Options{Folder: binary.Folder(t), Env: []string{"NATS_URL=nats://notewire:wrong-secret@" + addr}, Args: []string{"--log", "error"}}))
	t.Log(said)
	if !strings.HasPrefix(said, "notewire: ") || strings.Contains(said, "\n") || !strings.Contains(said, "NATS_URL") || strings.Contains(said, "wrong-secret") {
		t.Errorf("not one sentence that says what to do: %s", said)
	}
}
