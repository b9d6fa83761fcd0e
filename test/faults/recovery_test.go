package faults_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// What is promised after a fault (I9), and what is asked of a busy machine: three times as much.
const (
	firstEventTime = 3 * 10 * time.Second
	allBackTime    = 3 * 30 * time.Second
)

// healed is called when a fault is over, or when it should not be felt, with or without a load. It returns
// when every subscription has had an event that was written since (I9).
func (s *site) healed(what string) {
	s.t.Helper()
	began := time.Now()
	s.greet()
	var first, all time.Duration
	for {
		back := 0
		for _, r := range s.readers {
			if r.quiet() {
				back++
				continue
			}
			r.mu.Lock()
			since := r.at.Sub(began)
			r.mu.Unlock()
			if since > 0 {
				back++
				all = max(all, since)
				if first == 0 || since < first {
					first = since
				}
			}
		}
		passed := time.Since(began)
		if first == 0 && passed > firstEventTime {
			s.violated("I9", "%s: no event within %s", what, firstEventTime)
			return
		}
		if back == len(s.readers) {
			break
		}
		if passed > allBackTime {
			for _, r := range s.readers {
				r.mu.Lock()
				late := !r.quiet() && r.at.Before(began)
				r.mu.Unlock()
				if late {
					s.violated("I9", "%s: nothing came within %s: %s", what, allBackTime, r)
				}
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Logf("%s: the first event after %s, all %d subscriptions after %s", what, first.Round(time.Millisecond), len(s.readers), all.Round(time.Millisecond))
}

// lateTime is how late the net under the broker may be: ten poll intervals of 1 s, for a busy machine.
const lateTime = 10 * time.Second

// reaches stops the load for a moment and has one note written to everybody, and one comment on every post,
// after which nothing comes that would draw attention to them: they reach every server all the same.
func (s *site) reaches(what string) {
	s.t.Helper()
	if s.stopLoad != nil {
		s.pauseLoad()
		defer s.write()
	}
	ids := map[string]bool{}
	for _, w := range s.greet() {
		ids[w.id] = true
	}
	began := time.Now()
	for _, r := range s.readers {
		for !r.quiet() && !r.greeted(ids) {
			if time.Since(began) > lateTime {
				s.violated("I5", "%s: what was written has not come within %s: %s", what, lateTime, r)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	s.t.Logf("%s: what was written was everywhere after %s", what, time.Since(began).Round(time.Millisecond))
}

// greeted says whether one of these, which are for this reader, has come.
func (r *reader) greeted(ids map[string]bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range slices.Backward(r.events) {
		if e.Comment != nil && ids[e.Comment.ID] || e.Type == "NoteReceived" && ids[e.Note.ID] {
			return true
		}
	}
	return false
}

// greet has somebody write a note to everybody, and a comment on every post.
func (s *site) greet() []*write {
	var mu sync.Mutex
	var list []*write
	var greeting errgroup.Group
	greeting.SetLimit(8)
	for i, p := range s.people {
		for _, k := range []kind{note, comment} {
			greeting.Go(func() error {
				by := s.people[(i+1)%len(s.people)]
				w := s.draft(by, p, k)
				w.wanted = true
				s.do(s.hand(by, i), w)
				mu.Lock()
				defer mu.Unlock()
				list = append(list, w)
				return nil
			})
		}
	}
	_ = greeting.Wait() // what must be said of it do has put down
	return list
}

// quiet says that nobody writes to this reader.
func (r *reader) quiet() bool { return strings.HasPrefix(r.who.name, "canary") }

// footprint is what a server holds.
type footprint struct{ heap, descriptors, goroutines float64 }

// measure looks at every server.
func (s *site) measure() (list []footprint) {
	s.t.Helper()
	s.client.CloseIdleConnections()
	for i := range s.servers {
		f, err := s.servers[i].footprint()
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

func (v *server) footprint() (f footprint, err error) {
	// A collection first, or the heap says more of the past than of what is held.
	if _, err := fetch("http://" + v.admin + "/debug/pprof/heap?gc=1"); err != nil {
		return f, err
	}
	text, err := fetch("http://" + v.admin + "/metrics")
	if err != nil {
		return f, err
	}
	for name, into := range map[string]*float64{"go_memstats_heap_alloc_bytes": &f.heap, "process_open_fds": &f.descriptors, "go_goroutines": &f.goroutines} {
		if *into, err = metric(text, name); err != nil {
			return f, err
		}
	}
	return f, nil
}

func fetch(url string) (string, error) {
	client := &http.Client{Timeout: answerTime, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// metric finds a value in what /metrics says.
func metric(text, name string) (float64, error) {
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// gauge is what a server says of itself at /metrics.
func (s *site) gauge(server int, name string) float64 {
	s.t.Helper()
	text, err := fetch("http://" + s.servers[server].admin + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := metric(text, name)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// What may be held beyond a tenth more than before: collections, pools and what the runtime keeps.
const (
	moreHeap        = 8 << 20
	moreDescriptors = 30 // the pool of 20, LISTEN, a metrics request
	moreGoroutines  = 30
)

// checkFootprint waits until every server holds no more than before the faults (I10).
func (s *site) checkFootprint() {
	s.t.Helper()
	for end := time.Now().Add(answerTime); ; time.Sleep(200 * time.Millisecond) {
		var wrong []string
		for i, now := range s.measure() {
			was := s.footprint[i]
			for _, v := range []struct {
				what           string
				was, now, more float64
			}{{"bytes of heap", was.heap, now.heap, moreHeap}, {"descriptors", was.descriptors, now.descriptors, moreDescriptors}, {"goroutines", was.goroutines, now.goroutines, moreGoroutines}} {
				if v.now > 1.1*v.was+v.more {
					wrong = append(wrong, fmt.Sprintf("server %d holds %.0f %s, and held %.0f", i, v.now, v.what, v.was))
				}
			}
		}
		if len(wrong) == 0 {
			return
		}
		if time.Now().After(end) {
			s.violated("I10", "%s", strings.Join(wrong, "; "))
			return
		}
	}
}
