// Package config is every setting: its flag, its variable, its default and its check.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"
)

// Command is the command line.
type Command struct {
	Serve       Serve       `cmd:"" default:"withargs" help:"Serve the API, the page and the playground. This is what happens without a command."`
	Migrate     Migrate     `cmd:"" help:"Bring the database to this version and exit. serve does so too."`
	Check       Check       `cmd:"" help:"Look at settings, database, broker and counters, say what is wrong and what to do, and change nothing. Exit code 1 when something is wrong."`
	RotateEpoch RotateEpoch `cmd:"" help:"Make all cursors invalid, as after a restore that Notewire could not notice by itself."`
	Seed        Seed        `cmd:"" help:"Fill an empty site with invented people and a year of what they wrote, in Korean and English, to look at and to try things on."`
	Tail        Tail        `cmd:"" help:"Watch what happens, live, one line for each event: of the whole site, a user, a post or a room. Texts are not shown."`
	Version     struct{}    `cmd:"" help:"Print the version."`
}

// Database is where the data is.
type Database struct {
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" placeholder:"URL" help:"A Postgres 14 or later, not through a transaction pooler. Without it Notewire runs a Postgres of its own in the data folder."`
	DataDir     string `env:"NOTEWIRE_DATA_DIR" default:".notewire" help:"The folder of Notewire's own Postgres."`
	MaxConns    int    `name:"db-max-conns" env:"NOTEWIRE_DB_MAX_CONNS" default:"20" help:"Most connections in the pool; listening takes one more."`
	LogLevel    string `name:"log" env:"NOTEWIRE_LOG" default:"info" enum:"debug,info,warn,error" help:"What is logged: ${enum}. JSON, when not on a terminal."`
}

// Serve are the settings of the server.
type Serve struct {
	Database
	Addr                  string         `env:"NOTEWIRE_ADDR" default:"127.0.0.1:8080" help:"Where to listen: address and port."`
	AdminAddr             string         `env:"NOTEWIRE_ADMIN_ADDR" default:"127.0.0.1:9090" help:"Where metrics (/metrics) and profiles (/debug/pprof) are, or off. It has no access control."`
	AllowedOrigins        []string       `env:"NOTEWIRE_ALLOWED_ORIGINS" placeholder:"ORIGIN" help:"Web pages that may use the API, as scheme, host and port, such as https://www.example.com. Pages of Notewire itself always may."`
	Introspection         string         `env:"NOTEWIRE_INTROSPECTION" default:"on" enum:"on,off" help:"off hides the schema: no introspection, no suggestions, no playground, no SDL."`
	TrustedDocuments      string         `env:"NOTEWIRE_TRUSTED_DOCUMENTS" default:"off" enum:"off,prefer,only" help:"only serves nothing but the documents of the manifest."`
	TrustedManifest       string         `env:"NOTEWIRE_TRUSTED_MANIFEST" type:"existingfile" placeholder:"FILE" help:"The manifest: a JSON object of ids, or SHA-256 hashes, and documents."`
	SessionTTL            time.Duration  `env:"NOTEWIRE_SESSION_TTL" default:"720h" help:"How long a login lives."`
	NATSURL               string         `name:"nats-url" env:"NATS_URL" placeholder:"URL,..." help:"A NATS server, or several of one cluster, as nats://user:password@host:4222, through which servers wake each other. Without it they do so through Postgres."`
	Role                  string         `env:"NOTEWIRE_ROLE" default:"all" enum:"all,api,stream,worker" help:"What this process does: ${enum}. api answers single requests, stream holds sockets and event streams, worker does the housekeeping."`
	Retention             time.Duration  `env:"NOTEWIRE_RETENTION" default:"720h" help:"How long the event log is kept: who resumes from before that fetches afresh."`
	NotificationRetention time.Duration  `env:"NOTEWIRE_NOTIFICATION_RETENTION" default:"2160h" help:"How long notifications are kept that were read or put away. Unread ones stay."`
	PollInterval          time.Duration  `env:"NOTEWIRE_POLL_INTERVAL" default:"1s" help:"How often to look for events of which the broker said nothing."`
	DrainDelay            *time.Duration `env:"NOTEWIRE_DRAIN_DELAY" placeholder:"5s" help:"How long readiness fails before sockets are closed at the end; 0 on a terminal."`
}

// Migrate are the settings of the migration.
type Migrate struct{ Database }

// Check has the settings of serve, which it looks at.
type Check struct{ Serve }

// RotateEpoch are the settings of the command of that name.
type RotateEpoch struct{ Database }

// Seed says what site is invented.
type Seed struct {
	Database
	Users         int       `default:"200" help:"How many people."`
	Conversations int       `default:"2000" help:"How many conversations: in twos, groups, rooms."`
	Posts         int       `default:"500" help:"How many posts."`
	Seed          uint64    `default:"1" help:"The same number gives the same site."`
	Until         time.Time `placeholder:"TIME" help:"When the year that is invented ends, such as 2026-01-31T12:00:00Z; now, when it is not given."`
	Force         bool      `help:"Also on a site that has users: what is there stays, and the invented people come on top, with the password that everybody knows."`
}

// Tail says what is watched.
type Tail struct {
	Database
	User         string        `xor:"topic" placeholder:"NAME" help:"Only what this user hears of."`
	Topic        string        `xor:"topic" placeholder:"ID" help:"Only the log of a post or a room, such as post_01h..., or of a user."`
	After        string        `xor:"start" placeholder:"CURSOR" help:"Begin after this cursor, which is of the log of --user or --topic."`
	Since        time.Duration `xor:"start" placeholder:"10m" help:"Begin with what happened so long ago. Without it and --after, only what happens from now on is shown."`
	JSON         bool          `name:"json" help:"One JSON object a line."`
	PollInterval time.Duration `env:"NOTEWIRE_POLL_INTERVAL" default:"1s" help:"How often to look for events of which nothing was said by NOTIFY."`
}

// Validate checks what no type can; kong calls it.
func (t *Tail) Validate() error {
	if t.After != "" && t.User == "" && t.Topic == "" {
		return errors.New("--after CURSOR: a cursor is of one log: give --user or --topic, too")
	}
	if t.Since < 0 {
		return fmt.Errorf("--since %s: give how long ago, such as 10m", t.Since)
	}
	return checkPoll(t.PollInterval)
}

func checkPoll(interval time.Duration) error {
	if interval < 50*time.Millisecond || interval > time.Minute {
		return fmt.Errorf("--poll-interval %s: give 50ms to 1m", interval)
	}
	return nil
}

// Validate checks what no type can; kong calls it.
func (s *Seed) Validate() error {
	for _, n := range []struct {
		flag         string
		is, from, to int
	}{{"users", s.Users, 3, 10_000}, {"conversations", s.Conversations, 0, 200_000}, {"posts", s.Posts, 0, 100_000}} {
		if n.is < n.from || n.is > n.to {
			return fmt.Errorf("--%s %d: give %d to %d", n.flag, n.is, n.from, n.to)
		}
	}
	return nil
}

// Validate checks what no type can; kong calls it.
func (s *Serve) Validate() error {
	if _, _, err := net.SplitHostPort(s.Addr); err != nil {
		return fmt.Errorf("--addr %q: give an address and a port, such as 127.0.0.1:8080 or :8080", s.Addr)
	}
	if _, _, err := net.SplitHostPort(s.AdminAddr); err != nil && s.AdminAddr != "off" {
		return fmt.Errorf("--admin-addr %q: give an address and a port, such as 127.0.0.1:9090, or off", s.AdminAddr)
	}
	if s.MaxConns < 2 {
		return fmt.Errorf("--db-max-conns %d: at least 2 are needed", s.MaxConns)
	}
	if err := checkNATS(s.NATSURL); err != nil {
		return err
	}
	if err := checkPoll(s.PollInterval); err != nil {
		return err
	}
	if s.SessionTTL < time.Minute {
		return fmt.Errorf("--session-ttl %s: give at least 1m", s.SessionTTL)
	}
	if s.Retention < time.Hour {
		return fmt.Errorf("--retention %s: give at least 1h, so that whoever lost the line for a moment can resume", s.Retention)
	}
	if s.NotificationRetention < s.Retention {
		return fmt.Errorf("--notification-retention %s: give at least the %s of --retention, so that what the log tells of is there", s.NotificationRetention, s.Retention)
	}
	if s.TrustedDocuments != "off" && s.TrustedManifest == "" {
		return fmt.Errorf("--trusted-documents %s needs --trusted-manifest FILE", s.TrustedDocuments)
	}
	return nil
}

// Streams says whether this process holds sockets and event streams.
func (s *Serve) Streams() bool { return s.Role == "all" || s.Role == "stream" }

// Plain says whether it answers single requests.
func (s *Serve) Plain() bool { return s.Role == "all" || s.Role == "api" }

// Works says whether it does the housekeeping of the site.
func (s *Serve) Works() bool { return s.Role == "all" || s.Role == "worker" }

// checkNATS does not repeat the addresses: they may hold a password.
func checkNATS(urls string) error {
	if urls == "" {
		return nil
	}
	for address := range strings.SplitSeq(urls, ",") {
		address = strings.TrimSpace(address)
		if !strings.Contains(address, "://") {
			address = "nats://" + address
		}
		u, err := url.Parse(address)
		if err != nil || u.Hostname() == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			return errors.New("--nats-url (NATS_URL) is not understood: give nats://host:4222, with tls, ws or wss in place of nats where that is spoken, and with user:password@ or token@ before the host where it is asked for; several addresses of one cluster are separated by commas")
		}
	}
	return nil
}

// Drain is the drain delay: the one that was set, or the usual one.
func (s *Serve) Drain() time.Duration {
	if s.DrainDelay != nil {
		return *s.DrainDelay
	}
	if OnTerminal() {
		return 0
	}
	return 5 * time.Second
}

// Level is the level of the log.
func (d *Database) Level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(d.LogLevel)) // kong has checked it
	return l
}

// OnTerminal says whether a person is watching.
func OnTerminal() bool { return term.IsTerminal(int(os.Stderr.Fd())) }
