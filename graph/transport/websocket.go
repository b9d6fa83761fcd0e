package transport

import (
	"bytes"
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gobwas/ws"
)

// Websocket is the websocket door, a gqlgen transport. It speaks graphql-transport-ws, and a minimal
// graphql-ws for clients that offer nothing newer, over RFC 6455 without compression.
//
// Its subscriptions are those of Subscribe. An idle socket costs one goroutine and no buffer. A client
// that reads slowly is not sent to faster: while its queue is above QueueSoftLimit its operations wait
// and nothing of theirs is computed; one that takes nothing for WriteTimeout is dropped.
//
// Fields must not be changed after the first request. Zero means the default that each names. A
// Websocket must not be copied after the first request.
type Websocket struct {
	// Registry is told of every socket. Several transports may share one. Nil: one of its own.
	Registry *Registry

	// Init decides who a client is, by the payload of its connection_init. The context that it gets
	// ends with the socket or after InitTimeout; the one that it returns (nil: the same) is that of all
	// operations. An error closes the socket with 4403, one that is or wraps a *CloseError with that
	// code. It may take its time: only its own client waits. Nil: everyone is anonymous.
	Init func(ctx context.Context, r InitRequest) (context.Context, Identity, error)

	// CheckOrigin says whether a page of the request's Origin may connect; if not, the answer is 403
	// before any upgrade. Nil: requests without an Origin, and those whose Origin is the Host they ask.
	CheckOrigin func(*http.Request) bool

	// InitTimeout is how long a client may take to send connection_init (else 4408), and then how long
	// Init may take (else 1013). Default 5 s.
	InitTimeout time.Duration
	// MaxMessage bounds one message of a client, in bytes; beyond it the socket is closed with 1009
	// before memory is set aside. Default 256 KiB.
	MaxMessage int
	// MaxOperations bounds the operations under way on one socket. The next is answered by an error
	// RATE_LIMITED; the socket stays. Default 32, negative: no limit.
	MaxOperations int
	// MaxSocketsPerUser bounds the sockets of one Identity.UserID in the Registry; the next is closed
	// with 1013. It does not bind those whose UserID is empty. Default 10, negative: no limit.
	MaxSocketsPerUser int

	// QueueSoftLimit is how many bytes may wait for one client before its operations pause. Default
	// 64 KiB.
	QueueSoftLimit int
	// QueueHardLimit is how many bytes may wait before the client is dropped: only answers to what it
	// goes on sending while it does not read can get there. Default 1 MiB. One message more may be held.
	QueueHardLimit int
	// WriteTimeout is how long a client may take nothing of what waits for it before it is dropped.
	// Default 10 s.
	WriteTimeout time.Duration

	// PingInterval is the pause between pings to an idle client. Default 25 s.
	PingInterval time.Duration
	// AckDelay is how long after the first unacknowledged event a ping asks for an acknowledgement.
	// Default 1 s.
	AckDelay time.Duration
	// PongTimeout is how long a client that has been sent a ping may take to answer it before it is
	// dropped. Default 10 s.
	PongTimeout time.Duration
	// AttendedInterval takes the place of PingInterval, and of PongTimeout, for a socket with a
	// subscription that is Attended. Default 4 s: who is gone is noticed within 8.
	AttendedInterval time.Duration

	// Workers bounds how many subscriptions are read and resolved at a time, over all sockets. Default
	// 32: the reads wait for a database whose pool is of that order.
	Workers int

	once       sync.Once
	inits      lane // Init calls: a slow login server delays logins only
	operations lane // parsing, queries, mutations, the opening of subscriptions
	pulls      lane // events of open subscriptions
}

// InitRequest is what Init decides upon.
type InitRequest struct {
	Payload    map[string]any // of connection_init; nil if there was none. Numbers are json.Number
	Header     http.Header    // of the upgrade request
	RemoteAddr string         // of the upgrade request
}

// Identity is whom a socket belongs to. The zero value is anonymous and never expires.
type Identity struct {
	UserID    string
	SessionID string
	ExpiresAt time.Time // the socket is closed with 4403 when it passes; zero: never
}

const (
	// concurrentInits and concurrentOperations bound goroutines: what is beyond them waits in order, at
	// most one Init and MaxOperations operations for each socket. A query may take half a minute (one that
	// waits for events), and a user may have 320 of them, so the second bound is far from what a few
	// users can fill; its goroutines take about 128 MiB.
	concurrentInits      = 64
	concurrentOperations = 16 << 10

	// handshakeTimeout is for writing 200 bytes into an empty kernel buffer.
	handshakeTimeout = 5 * time.Second

	// sendBuffer is what the kernel is asked to hold for a client that does not read; it takes twice
	// that. Left alone it may grow to 4 MiB a socket.
	sendBuffer = 64 << 10
)

func (t *Websocket) setup() {
	if t.Registry == nil {
		t.Registry = NewRegistry()
	}
	if t.CheckOrigin == nil {
		t.CheckOrigin = sameOrigin
	}
	defaultTo(&t.InitTimeout, 5*time.Second)
	defaultTo(&t.MaxMessage, 256<<10)
	defaultTo(&t.MaxOperations, 32)
	defaultTo(&t.MaxSocketsPerUser, 10)
	defaultTo(&t.QueueSoftLimit, 64<<10)
	defaultTo(&t.QueueHardLimit, 1<<20)
	defaultTo(&t.WriteTimeout, 10*time.Second)
	defaultTo(&t.PingInterval, 25*time.Second)
	defaultTo(&t.AckDelay, time.Second)
	defaultTo(&t.PongTimeout, 10*time.Second)
	defaultTo(&t.AttendedInterval, 4*time.Second)
	defaultTo(&t.Workers, 32)
	t.inits.limit = concurrentInits
	t.operations.limit = concurrentOperations
	t.pulls.limit = t.Workers
}

func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Supports says whether r asks for a websocket.
func (t *Websocket) Supports(r *http.Request) bool {
	for protocol := range listed(r.Header["Upgrade"]) {
		if strings.EqualFold(protocol, "websocket") {
			return r.Method == http.MethodGet && r.ProtoMajor == 1
		}
	}
	return false
}

// Do upgrades the connection and returns; the socket lives on in a goroutine of its own until either
// side closes it, its Registry does, or its client falls silent.
func (t *Websocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	t.once.Do(t.setup)
	if !t.CheckOrigin(r) {
		http.Error(w, "pages of this origin may not connect", http.StatusForbidden)
		return
	}
	if t.Registry.Draining() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "this server is about to stop; connect again", http.StatusServiceUnavailable)
		return
	}
	protocol := chooseProtocol(r.Header)
	upgrader := ws.HTTPUpgrader{
		Timeout:  handshakeTimeout,
		Protocol: func(offered string) bool { return offered == protocol },
	}
	conn, buffered, _, err := upgrader.Upgrade(r, w)
	if err != nil {
		if conn != nil {
			_ = conn.Close() // the upgrader has answered with the reason
		}
		return
	}
	if c, ok := conn.(interface{ SetWriteBuffer(int) error }); ok {
		_ = c.SetWriteBuffer(sendBuffer) // without it the kernel holds more, no harm beyond that
	}
	// The request's context ends with ServeHTTP, and with the request's buffers; its values stay.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	s := &socket{
		t: t, exec: exec, conn: conn, raw: descriptorOf(conn),
		legacy: protocol == protocolLegacy,
		ctx:    ctx, cancel: cancel,
		request: &InitRequest{Header: r.Header, RemoteAddr: r.RemoteAddr},
	}
	s.source = connSource{conn: conn, raw: s.raw}
	if n := buffered.Reader.Buffered(); n > 0 { // frames that came in one packet with the request
		early, _ := buffered.Reader.Peek(n)
		s.source.rest = bytes.Clone(early)
	}
	s.frames = frameReader{src: &s.source, max: t.MaxMessage}
	s.start(protocol)
}

const (
	protocolTransport = "graphql-transport-ws"
	protocolLegacy    = "graphql-ws"
)

// chooseProtocol returns the sub-protocol to speak, whatever the client's order, or "".
func chooseProtocol(h http.Header) string {
	for _, protocol := range []string{protocolTransport, protocolLegacy} {
		for offered := range listed(h["Sec-Websocket-Protocol"]) {
			if offered == protocol {
				return protocol
			}
		}
	}
	return ""
}

// listed yields the members of a header that is a list, over all its lines.
func listed(lines []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range lines {
			for member := range strings.SplitSeq(line, ",") {
				if !yield(strings.TrimSpace(member)) {
					return
				}
			}
		}
	}
}

// sameOrigin compares host and port. Behind a proxy that ends TLS the scheme cannot be known.
func sameOrigin(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	return err == nil && len(origins) == 1 && u.Host != "" && strings.EqualFold(u.Host, r.Host) &&
		(r.TLS == nil || u.Scheme == "https")
}
