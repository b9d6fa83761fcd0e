package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

// preload is where Debian's package faketime puts its library.
const preload = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

// F10: the clock of Postgres jumps an hour, either way. Order, cursors and keys have nothing to do with it.
// Not parallel: Postgres is found by a PATH of its own.
//
// Planted, and seen red: keys that count for half an hour by the clock of Postgres.
func TestF10Clock(t *testing.T) {
	if !*long {
		t.Skip("only in the long set: it needs Debian's package faketime")
	}
	if _, err := os.Stat(preload); err != nil {
		t.Fatalf("install Debian's package faketime: %v", err)
	}
	folder := binary.Folder(t)
	clock := filepath.Join(folder, "clock")
	set := func(to string) {
		t.Helper()
		if err := os.WriteFile(clock+".new", []byte(to+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(clock+".new", clock); err != nil { // nobody reads half of it
			t.Fatal(err)
		}
	}
	set("+0")
	fakePostgres(t, folder, "LD_PRELOAD="+preload+" FAKETIME_TIMESTAMP_FILE="+clock+" FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1")
	s := begin(t, setup{servers: 2, ownPostgres: true})
	// What a person keeps is theirs whatever the clock says, and so is what was written under a key before.
	before := s.draft(s.people[0], s.people[1], note)
	before.wanted = true
	s.do(s.hand(s.people[0], 0), before)
	db := s.database()
	s.write()
	for i := range 5 {
		for _, jump := range []string{"+1h", "+0", "-1h", "+0"} {
			set(jump)
			var ahead float64 // minutes, against the clock of this process
			s.await("the clock does not jump", answerTime, func() bool {
				err := db.QueryRow(`SELECT extract(epoch FROM clock_timestamp() - $1::timestamptz) / 60`, time.Now()).Scan(&ahead)
				want := map[string]float64{"+1h": 60, "+0": 0, "-1h": -60}[jump]
				return err == nil && ahead > want-1 && ahead < want+1
			})
			s.healed(fmt.Sprintf("jump %d, to %s", i, jump))
			if st, id, _, code := s.try(t.Context(), i%2, before, before.body); st != acked || id != before.id {
				s.violated("F10", "the key of %s gives %s %s %s", before.id, st, id, code)
			}
		}
	}
	s.finish()
}

// fakePostgres puts a postgres on PATH that runs the real one with more variables. The other programs are
// the real ones.
func fakePostgres(t *testing.T, folder, env string) {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		t.Fatalf("no Postgres of Debian's: %v", err)
	}
	from := filepath.Dir(found[len(found)-1])
	bin := filepath.Join(folder, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	programs, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		if p.Name() != "postgres" {
			if err := os.Symlink(filepath.Join(from, p.Name()), filepath.Join(bin, p.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	script := fmt.Sprintf("#!/bin/sh\nexec env %s %s/postgres \"$@\"\n", env, from)
	if err := os.WriteFile(filepath.Join(bin, "postgres"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}
