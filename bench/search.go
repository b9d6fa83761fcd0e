package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/postgres"
)

// search fills a site with notes, indexes them, and searches as users do.
type search struct {
	Notes    int           `default:"1000000" help:"How many notes the site has."`
	Users    int           `default:"5000" help:"How many users it has."`
	Heavy    int           `default:"20000" help:"How many notes one of them has received."`
	Queries  int           `default:"200" help:"How often each search is sent, one after the other."`
	Database string        `help:"An empty database to use instead of a server of its own. What is made stays there."`
	Sending  time.Duration `default:"10s" help:"How long notes are sent, with and without a worker that indexes."`
}

// Run prints what the index costs, and what searches take.
func (c *search) Run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	s, err := build(ctx)
	if err != nil {
		return err
	}
	defer s.remove()
	dsn := c.Database
	if dsn == "" {
		local, err := postgres.StartLocal(ctx, postgres.LocalConfig{Dir: filepath.Join(s.dir, "data")})
		if err != nil {
			return err
		}
		defer local.Stop(ctx)
		dsn = local.DSN()
	}
	s.env = append(s.env, "DATABASE_URL="+dsn)
	const withoutWorker = "NOTEWIRE_ROLE=api"
	if err := s.start(ctx, withoutWorker); err != nil {
		return err
	}
	defer s.stop()
	tokens, ids, err := s.register(ctx, 10)
	if err != nil {
		return err
	}
	s.stop()
	db, err := postgres.Open(ctx, dsn, postgres.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	began := time.Now()
	w := newWords()
	plain, err := sql.Open("postgres", dsn) // without the limits of a server
	if err != nil {
		return err
	}
	defer plain.Close()
	if err := c.fill(ctx, plain, w, ids); err != nil {
		return err
	}
	fmt.Printf("%d notes of %d users, made in %.0f s\n", c.Notes, c.Users, time.Since(began).Seconds())
	if err := c.index(ctx, db, plain); err != nil {
		return err
	}
	if err := s.start(ctx, withoutWorker); err != nil {
		return err
	}
	if err := c.searches(ctx, s, w, tokens); err != nil {
		return err
	}
	s.stop()
	fmt.Printf("\nnotes sent a second by 8 at once, without a worker and with one that indexes, in turn\n")
	for range 3 {
		for _, role := range []string{withoutWorker, "NOTEWIRE_ROLE=all"} {
			if err := s.start(ctx, role); err != nil {
				return err
			}
			rate, err := c.send(ctx, s, tokens, ids)
			if err != nil {
				return err
			}
			s.stop()
			fmt.Printf("%-44s %10.0f\n", role, rate)
		}
	}
	return nil
}

// index runs the indexer over all notes.
func (c *search) index(ctx context.Context, db *postgres.DB, plain *sql.DB) error {
	indexer := notes.NewIndexer(db, slog.New(slog.DiscardHandler))
	began := time.Now()
	if err := indexer.CatchUp(ctx); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	var table, index, all int64
	err := db.QueryRowContext(ctx, `SELECT pg_table_size('note_terms'), pg_indexes_size('note_terms'), pg_total_relation_size('notes')`).Scan(&table, &index, &all)
	if err != nil {
		return err
	}
	fmt.Printf("indexed %.0f notes a second; the index has %d MB, of them %d for its own indexes, beside %d MB of notes\n",
		float64(indexer.Indexed)/took, (table+index)>>20, index>>20, all>>20)
	_, err = plain.ExecContext(ctx, `VACUUM ANALYZE`)
	return err
}

// searches times each search of a user with many notes and of a usual one.
func (c *search) searches(ctx context.Context, s *server, w *words, tokens []string) error {
	fmt.Printf("\n%-44s %10s %10s %8s\n", "a search, in ms", "median", "p99", "found")
	for _, user := range []struct{ name, token string }{{"many notes", tokens[0]}, {"a usual user", tokens[1]}} {
		for _, q := range []struct{ name, text string }{
			{"no search, the box as it is", ""},
			{"the most frequent word", w.list[0]},
			{"a frequent word", w.list[50]},
			{"a rare word", w.list[len(w.list)*3/4]},
			{"two frequent words", w.list[10] + " " + w.list[60]},
			{"a frequent and a rare word", w.list[5] + " " + w.list[len(w.list)/2]},
			{"absent, of frequent syllables", absent(w)},
			{"absent", "뷁뷁"},
			{"%%%", "%%%"},
		} {
			var took []time.Duration
			found := 0
			for range c.Queries {
				var d struct {
					Viewer struct {
						Notes struct{ Nodes []struct{ ID string } }
					}
				}
				began := time.Now()
				err := s.do(ctx, user.token, `query($s: String) { viewer { notes(search: $s) { nodes { id body } } } }`, map[string]any{"s": q.text}, &d)
				if err != nil {
					return fmt.Errorf("%s: %w", q.name, err)
				}
				took = append(took, time.Since(began))
				found = len(d.Viewer.Notes.Nodes)
			}
			slices.Sort(took)
			ms := func(share float64) float64 { return float64(took[int(share*float64(len(took)-1))]) / 1e6 }
			fmt.Printf("%-44s %10.1f %10.1f %8d\n", user.name+": "+q.name, ms(0.5), ms(0.99), found)
		}
	}
	return nil
}

// absent is a word that no note has, although each two of its syllables stand together in many.
func absent(w *words) string {
	word := []rune(w.list[0] + w.list[0] + w.list[0])
	return string(word)
}

// send sends notes from 8 users to another, and returns how many a second.
func (c *search) send(ctx context.Context, s *server, tokens, ids []string) (float64, error) {
	end := time.Now().Add(c.Sending)
	sent := make([]int, 8)
	err := parallel(len(sent), len(sent), func(i int) error {
		for time.Now().Before(end) {
			var d struct {
				SendNote struct{ UserErrors []struct{ Message string } }
			}
			err := s.do(ctx, tokens[2+i], `mutation($to: [ID!], $b: String!) { sendNote(input: {toUserIds: $to, body: $b}) { note { id } userErrors { message } } }`,
				map[string]any{"to": []string{ids[2+(i+1)%8]}, "b": fmt.Sprint("오늘 저녁에 만나요 ", i, " ", sent[i])}, &d)
			if err != nil {
				return err
			}
			if len(d.SendNote.UserErrors) > 0 {
				return fmt.Errorf("not sent: %s", d.SendNote.UserErrors[0].Message)
			}
			sent[i]++
		}
		return nil
	})
	all := 0
	for _, n := range sent {
		all += n
	}
	return float64(all) / c.Sending.Seconds(), err
}
