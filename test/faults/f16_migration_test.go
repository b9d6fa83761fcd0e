package faults_test

import (
	"net/http"
	"testing"
	"time"
)

// F16: a newer version migrates the database while this one serves it: columns appear, and one that
// prepared statements return changes its type. Afterwards a server of this version starts on it.
func TestF16Migration(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2})
	db := s.database()
	s.write()
	for range often(1, 10) {
		for _, change := range []string{
			`ALTER TABLE notes ADD COLUMN later text`, `ALTER TABLE topics ADD COLUMN later int NOT NULL DEFAULT 1`, `ALTER TABLE events ADD COLUMN later text`,
			`ALTER TABLE participants ALTER COLUMN unread_count TYPE bigint`, `ALTER TABLE topics ALTER COLUMN unread_notes TYPE bigint`,
			`ALTER TABLE comments ADD COLUMN later text`, `ALTER TABLE users ADD COLUMN later text`,
			`ALTER TABLE notes DROP COLUMN later`, `ALTER TABLE topics DROP COLUMN later`, `ALTER TABLE events DROP COLUMN later`, `ALTER TABLE comments DROP COLUMN later`, `ALTER TABLE users DROP COLUMN later`,
			`ALTER TABLE participants ALTER COLUMN unread_count TYPE int`, `ALTER TABLE topics ALTER COLUMN unread_notes TYPE int`,
		} {
			// Behind a lock that is waited for everybody else waits too: a migration gives up soon, and tries again.
			for end := time.Now().Add(answerTime); ; {
				if _, err := db.Exec(change); err == nil {
					break
				} else if time.Now().After(end) {
					t.Fatalf("%s: %v", change, err)
				}
			}
		}
	}
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (20991231000000, true)`); err != nil {
		t.Fatal(err)
	}
	s.healed("the migration")
	lost := 0
	s.pauseLoad()
	for _, p := range s.people {
		for _, w := range p.writes {
			lost += w.lost
		}
	}
	t.Logf("%d requests had to be sent again", lost)
	s.mayHangUp.Store(true)
	s.kill(1)
	s.again(1)
	s.mayHangUp.Store(false)
	s.awaitReadiness(1, http.StatusOK)
	s.write()
	s.healed("the start of another server")
	s.finish()
}
