package graph_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

// TestTwoIndexersAtOnce has the indexers of two workers go over the same logs while notes are sent, edited and
// unsent: when both have caught up, each note is found once, by what it says now, and by nothing that it said before.
//
// Red when an indexer does not keep the other from a log that it is at, and a mark is never taken back: the older
// text of a note is what stays in the index.
func TestTwoIndexersAtOnce(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	site.Resolver.Notes.Walk = 0 // the index alone
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	conversation := write(mina, "begin", joon).conversation
	workers := []*sitetest.Server{site, site.Another()}

	var indexing, writing sync.WaitGroup
	done := make(chan struct{})
	for _, worker := range workers {
		for range 2 {
			indexing.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						worker.Index()
					}
				}
			})
		}
	}
	const many = 60 // of each: some batches of an indexer
	for _, by := range []*client{mina, joon} {
		writing.Go(func() {
			for i := range many {
				note := answer(by, conversation, fmt.Sprintf("first%s%dx", by.Username, i))
				switch i % 3 {
				case 1:
					editNote(by, note.id, fmt.Sprintf("second%s%dx", by.Username, i)).NoErrors()
				case 2:
					unsendNote(by, note.id).NoErrors()
				}
			}
		})
	}
	writing.Wait()
	close(done)
	indexing.Wait()
	for _, worker := range workers {
		worker.Index()
	}
	for _, who := range [][2]*client{{mina, joon}, {joon, mina}} {
		by, reader := who[0], who[1]
		for i := range many {
			first, second := fmt.Sprintf("first%s%dx", by.Username, i), fmt.Sprintf("second%s%dx", by.Username, i)
			want := [][]string{{first}, nil}
			switch i % 3 {
			case 1:
				want = [][]string{nil, {second}}
			case 2:
				want = [][]string{nil, nil}
			}
			equal(t, first, want, [][]string{finds(t, reader, first), finds(t, reader, second)})
		}
	}
	// The search itself looks at what the index names: of what is gone the index must know nothing, too.
	equal(t, "indexed", 2*many/3*2+1, number(t, site, `SELECT count(*) FROM note_terms`))
}
