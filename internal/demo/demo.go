// Package demo invents a site worth looking at: people who write notes, posts and comments in Korean and
// English over a year. All of it is written by the rooms that write for real users, at times of the past, so
// that whatever holds for a site holds for this one.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/postgres"
)

// Password is that of everybody.
const Password = "correct horse battery"

// Session are the settings of the database sessions to Write with.
var Session = map[string]string{
	// A crash of Postgres may lose the last moments, of something that can be done again.
	"synchronous_commit": "off",
	// The tables begin empty: plans that were made for that would read the whole of them over and over. And to
	// make each plan anew would take longer than to carry it out.
	"enable_seqscan": "off", "plan_cache_mode": "force_generic_plan",
}

// Options say what is invented.
type Options struct {
	Seed                        uint64 // the same gives the same site, at the same Until
	Users, Conversations, Posts int
	Until                       time.Time // the year that is invented ends here
}

// year is how far back the site goes.
const year = 365 * 24 * time.Hour

// site is what is planned.
type site struct {
	*plan
	languages []*language
	people    []*person
	byLang    map[string][]*person
	password  accounts.Hash
	decks     map[string][]int
	titles    map[string]bool
	roomNames map[string]bool
}

// Write invents a site and writes it, fast where db has the settings of Session. Users and rooms that are there already stay as they are: who or what is
// new gets another name. progress is called after each step, never twice at once, and must not block. Write
// returns the names of those to log in as, to whom much has happened.
func Write(ctx context.Context, db *postgres.DB, o Options, progress func(done, of int)) (logins []string, err error) {
	s := &site{plan: &plan{random: rand.New(rand.NewPCG(o.Seed, 0)), begin: o.Until.Add(-year), end: o.Until},
		byLang: map[string][]*person{}, decks: map[string][]int{}, titles: map[string]bool{}}
	for _, code := range []string{"ko", "en"} {
		l, err := readLanguage(code)
		if err != nil {
			return nil, err
		}
		s.languages = append(s.languages, l)
	}
	if s.password, err = accounts.HashPassword(ctx, Password); err != nil {
		return nil, err
	}
	takenUsers, err := postgres.Column[string](db.Rows(ctx, `SELECT username FROM users`))
	if err != nil {
		return nil, postgres.Explain(err)
	}
	takenRooms, err := postgres.Column[string](db.Rows(ctx, `SELECT name FROM conversations WHERE name IS NOT NULL`))
	if err != nil {
		return nil, postgres.Explain(err)
	}
	s.roomNames = set(takenRooms)
	s.planPeople(o.Users, set(takenUsers))
	s.planPosts(o.Posts)
	s.planConversations(o.Conversations)
	s.planVisits()
	// Where there are others already the same has happened, perhaps: its identifiers are taken.
	if err := s.carryOut(ctx, db, o.Seed+uint64(len(takenUsers))<<32, progress); err != nil {
		return nil, fmt.Errorf("the invented site is not whole, but all of it is sound: %w", err)
	}
	for _, p := range s.people[:min(len(stars), len(s.people))] {
		logins = append(logins, p.username)
	}
	return logins, nil
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

func lower(s string) string { return strings.ToLower(s) }

func (p *person) viewer() access.Viewer { return access.Viewer{UserID: p.id.UUID} }

// planPeople has people join over the first ten months, most of them early. Those to log in as are the first.
func (s *site) planPeople(n int, taken map[string]bool) {
	for i := range n {
		p := &person{thing: s.thing(), id: &made{uuid.Nil}}
		if i < len(stars) {
			p.displayName, p.lang, p.joined = stars[i].displayName, s.language(stars[i].lang), s.begin.Add(time.Duration(i)*time.Minute)
			p.username = free(stars[i].username, "", func(name string) bool { return taken[name] })
		} else {
			p.lang = s.languages[0]
			if s.chance(45) {
				p.lang = s.languages[1]
			}
			p.username, p.displayName = named(s.random, p.lang.code, taken)
			f := s.random.Float64()
			p.joined = s.begin.Add(time.Hour + time.Duration(f*f*0.8*float64(year)))
		}
		taken[p.username] = true
		s.people = append(s.people, p)
		s.byLang[p.lang.code] = append(s.byLang[p.lang.code], p)
		s.add(p.joined, func(ctx context.Context, h *hand) (err error) {
			p.id.UUID, err = h.users.Enroll(ctx, p.username, p.displayName, s.password)
			return err
		}, p.thing)
	}
}

func (s *site) language(code string) *language {
	for _, l := range s.languages {
		if l.code == code {
			return l
		}
	}
	return s.languages[0]
}

// somebody is a person who writes a language, or anybody where nobody else does, but for some. One in eight
// times it is one of those to log in as, so that much happens to them. nil: there is nobody.
func (s *site) somebody(l *language, except ...*person) *person {
	for _, list := range [][]*person{s.byLang[l.code], s.people} {
		for range 20 * min(len(list), 1) {
			p := pick(s.random, list)
			if star := s.people[s.random.IntN(min(len(stars), len(s.people)))]; s.chance(12) && slices.Contains(list, star) {
				p = star
			}
			if !slices.Contains(except, p) {
				return p
			}
		}
	}
	return nil
}

// next deals the numbers below n in an order of chance, each once before any comes again.
func (s *site) next(deck string, n int) int {
	if len(s.decks[deck]) == 0 {
		s.decks[deck] = s.random.Perm(n)
	}
	i := s.decks[deck][0]
	s.decks[deck] = s.decks[deck][1:]
	return i
}

func latest(first moment, more ...moment) moment {
	for _, t := range more {
		if t.After(first) {
			first = t
		}
	}
	return first
}
