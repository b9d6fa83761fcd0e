package faults_test

import (
	"testing"
	"time"
)

// Some transactions take long to commit: when they began, and when they took their ids, says nothing of when
// others see them.
const commitLate = `
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF hashtext(NEW.body) % 5 = 0 THEN
    PERFORM pg_sleep(random() * 0.2);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON comments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`

// F15: a writer commits late while others are acknowledged and subscribers come and go in between: a
// position in a log must not skip what had begun before it and is seen only after.
//
// Planted, and seen red: a seq from the clock, and no lock on the head of the log: 14 of 19 notes came (I5); a goroutine left by
// each socket (I10).
func TestF15LateCommits(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2, people: 6})
	faults := choices(t, "faults")
	if _, err := s.database().Exec(commitLate); err != nil {
		t.Fatal(err)
	}
	s.write()
	for end := time.Now().Add(time.Duration(often(4, 60)) * time.Second); time.Now().Before(end); {
		time.Sleep(time.Duration(faults.Int64N(int64(30 * time.Millisecond))))
		s.readers[faults.IntN(len(s.readers))].drop()
	}
	s.healed("nobody is dropped any more")
	s.finish()
}
