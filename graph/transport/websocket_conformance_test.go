package transport_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/notewire/notewire/graph/transport"
)

// check is one sentence of a specification. It runs against any server that has the fields of the test
// schema; ours says that the sentence is a promise of this server beyond the specification.
type check struct {
	name     string
	sentence string
	ours     bool
	run      func(t *testing.T, url string)
}

// runConformance runs the checks side by side. The server must give clients initTimeout to initialise.
func runConformance(t *testing.T, url string, ours bool) {
	for _, list := range [][]check{protocolChecks, messageChecks, frameChecks} {
		for _, c := range list {
			if c.ours && !ours {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				t.Log(c.sentence)
				c.run(t, url)
			})
		}
	}
}

const (
	initTimeout = 2 * time.Second // long enough for a busy machine, and one check waits for it
	maxMessage  = 64 << 10
)

func TestConformance(t *testing.T) {
	s := newService(t, &transport.Websocket{InitTimeout: initTimeout, MaxMessage: maxMessage})
	t.Run("ours", func(t *testing.T) { runConformance(t, s.url, true) })
	eventually(t, "no socket is left", func() bool { return s.door.Registry.Len() == 0 })
	eventually(t, "no subscription is left", func() bool { return s.Log.Readers() == 0 })
}

var protocolChecks = []check{
	{"sub-protocol", "The WebSocket sub-protocol for this specification is: graphql-transport-ws.", false, func(t *testing.T, url string) {
		if p := dial(t, url); p.Protocol != "graphql-transport-ws" {
			t.Fatalf("the server chose %q", p.Protocol)
		}
	}},
	{"sub-protocol preferred", "graphql-ws is never preferred, whatever the client's order.", true, func(t *testing.T, url string) {
		if p := dial(t, url, "graphql-ws", "graphql-transport-ws"); p.Protocol != "graphql-transport-ws" {
			t.Fatalf("the server chose %q", p.Protocol)
		}
	}},
	{"no sub-protocol", "Subprotocol not acceptable: 4406.", false, func(t *testing.T, url string) {
		p := dial(t, url, "graphql-telegraph")
		p.expectClose(4406)
	}},
	{"client closes", "The client closes the socket and the connection by dispatching a 1000: Normal Closure.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.subscribe("a", `subscription { events(topic: "client closes") { body } }`)
		if err := p.Frame(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, ""))); err != nil {
			t.Fatal(err)
		}
		p.expectClose(1000)
	}},
	{"init timeout", "If the client does not request a connection within the allowed timeout, the server will close the socket with 4408.", false, func(t *testing.T, url string) {
		dial(t, url).expectClose(4408)
	}},
	{"init twice", "If the server receives more than one ConnectionInit message at any given time, it will close the socket with 4429.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.send(`{"type":"connection_init"}`)
		p.expectClose(4429)
	}},
	{"init twice at once", "... at any given time: also before the first is acknowledged.", false, func(t *testing.T, url string) {
		p := dial(t, url)
		p.send(`{"type":"connection_init","payload":{"wait":"init twice at once"}}`)
		p.send(`{"type":"connection_init"}`)
		p.expectClose(4429)
	}},
	{"init rejected", "If the server wishes to reject the connection it is recommended to close the socket with 4403: Forbidden.", false, func(t *testing.T, url string) {
		p := dial(t, url)
		p.send(`{"type":"connection_init","payload":{"reject":true}}`)
		if m := p.expectClose(4403); m.CloseReason != "Forbidden" {
			t.Fatalf("the reason is %q", m.CloseReason)
		}
	}},
	{"init without payload", "payload?: Record<string, unknown> | null", false, func(t *testing.T, url string) {
		p := dial(t, url)
		p.send(`{"type":"connection_init"}`)
		p.expect("connection_ack", "")
		p = dial(t, url)
		p.send(`{"type":"connection_init","payload":null}`)
		p.expect("connection_ack", "")
	}},
	{"ping", "A Pong must be sent in response from the receiving party as soon as possible.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.send(`{"type":"ping"}`)
		p.expectPayload("pong", "", "")
		p.send(`{"type":"ping","payload":null}`)
		p.expectPayload("pong", "", "")
		p.send(`{"type":"ping","payload":{"a":[1,{"b":null}]}}`)
		p.expectPayload("pong", "", `{"a":[1,{"b":null}]}`)
	}},
	{"ping before init", "The Ping message can be sent at any time within the established socket.", false, func(t *testing.T, url string) {
		p := dial(t, url)
		p.send(`{"type":"ping"}`)
		p.expect("pong", "")
		p.init(`{}`)
	}},
	{"pong unsolicited", "The Pong message may even be sent unsolicited as an unidirectional heartbeat.", false, func(t *testing.T, url string) {
		p := dial(t, url)
		p.send(`{"type":"pong"}`)
		p.send(`{"type":"pong","payload":{"p":{"a":"b"}}}`)
		p.init(`{}`)
		p.send(`{"type":"pong","payload":{"p":7}}`)
		p.nothingElse()
	}},
	{"subscribe before init", "If the connection is not acknowledged, the socket will be closed immediately with 4401: Unauthorized.", false, func(t *testing.T, url string) {
		p := dial(t, url)
		p.subscribe("a", `{ hello }`)
		p.expectClose(4401)
	}},
	{"subscribe before ack", "Executing operations is allowed only after the server has acknowledged the connection.", false, func(t *testing.T, url string) {
		p := dial(t, url)
		p.send(`{"type":"connection_init","payload":{"wait":"subscribe before ack"}}`)
		p.subscribe("a", `{ hello }`)
		p.expectClose(4401)
	}},
	{"query", "A single result operation is identical to a streaming operation except that at most one Next message is sent.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.subscribe("q", `{ hello }`)
		p.expectPayload("next", "q", `{"data":{"hello":"world"}}`)
		p.expectPayload("complete", "q", "")
		p.nothingElse()
	}},
	{"mutation", "Executing the operation requested in the message payload.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.subscribe("m", `mutation { publish(topic: "mutation", body: "x", times: 3) }`)
		p.expectPayload("next", "m", `{"data":{"publish":3}}`)
		p.expect("complete", "m")
	}},
	{"subscription", "The server dispatches results over time with the Next message.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.subscribe("s", `subscription { events(topic: "subscription", after: "0") { cursor body } }`)
		for i, body := range []string{"a", "b"} {
			p.subscribe("m", fmt.Sprintf(`mutation { publish(topic: "subscription", body: %q) }`, body))
			seen := map[string]bool{}
			for range 3 { // the event and the mutation's answer come in any order
				m := p.read()
				seen[m.Type+" "+m.ID+" "+string(m.Payload)] = true
			}
			event := fmt.Sprintf(`next s {"data":{"events":{"cursor":"%d","body":%q}}}`, i+1, body)
			if !seen[event] || !seen["complete m "] {
				t.Fatalf("got %v, want %s", seen, event)
			}
		}
	}},
	{"interleaved", "Multiple operations identified with separate IDs can be active at any time and their messages can be interleaved.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.subscribe("one", `{ wait(key: "interleaved 1") }`)
		p.subscribe("two", `{ wait(key: "interleaved 2") }`)
		other := connect(t, url)
		other.ask("r", `mutation { release(key: "interleaved 2") }`)
		p.expectPayload("next", "two", `{"data":{"wait":"interleaved 2"}}`)
		p.expect("complete", "two")
		other.ask("r", `mutation { release(key: "interleaved 1") }`)
		p.expectPayload("next", "one", `{"data":{"wait":"interleaved 1"}}`)
		p.expect("complete", "one")
	}},
	{"id in use", "If there is already an active subscriber with this ID, regardless of the operation type, the server must close the socket with 4409.", false, func(t *testing.T, url string) {
		for _, first := range []string{`subscription { events(topic: "id in use") { body } }`, `{ wait(key: "id in use") }`} {
			p := connect(t, url)
			p.subscribe("a", first)
			p.subscribe("a", `{ hello }`)
			if m := p.expectClose(4409); m.CloseReason != "Subscriber for a already exists" {
				t.Fatalf("the reason is %q", m.CloseReason)
			}
		}
	}},
	{"id of another socket", "The ID is unique within the connection only.", false, func(t *testing.T, url string) {
		connect(t, url).subscribe("a", `{ wait(key: "id of another socket") }`)
		connect(t, url).ask("a", `{ hello }`)
	}},
	{"id used again", "Once a client completes an operation, it is free to re-use that ID.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.subscribe("a", `subscription { events(topic: "id used again") { body } }`)
		p.complete("a")
		p.ask("a", `{ hello }`)
		p.ask("a", `{ hello }`)
		p.subscribe("a", `{ nonsense }`)
		p.expect("error", "a")
		p.ask("a", `{ hello }`)
	}},
	{"error", "Operation execution error(s) in response to the Subscribe message, before execution: payload: GraphQLError[].", false, func(t *testing.T, url string) {
		p := connect(t, url)
		for _, query := range []string{`{ nonsense }`, `query A { hello } query B { hello }`} {
			p.subscribe("a", query)
			m := p.expect("error", "a")
			if !strings.HasPrefix(string(m.Payload), `[{`) || !strings.Contains(string(m.Payload), `"message":"`) {
				t.Fatalf("%s: the payload is %s", query, m.Payload)
			}
			p.nothingElse()
		}
	}},
	{"refused subscription", "A subscription that cannot be opened ends with Error (the reference sends Next with errors, and Complete).", true, func(t *testing.T, url string) {
		p := connect(t, url)
		for _, query := range []string{`subscription { refused { body } }`, `subscription { detonates { body } }`} {
			p.subscribe("a", query)
			if m := p.expect("error", "a"); !strings.Contains(string(m.Payload), `"path":["`) {
				t.Fatalf("%s: the payload is %s", query, m.Payload)
			}
			p.nothingElse()
		}
	}},
	{"syntax error", "What the client's user typed must not cost the socket (the reference closes it with 4500).", true, func(t *testing.T, url string) {
		p := connect(t, url)
		p.subscribe("a", `{ hello`)
		if m := p.expect("error", "a"); !strings.Contains(string(m.Payload), "GRAPHQL_PARSE_FAILED") {
			t.Fatalf("the payload is %s", m.Payload)
		}
		p.nothingElse()
	}},
	{"error is the end", "This message terminates the operation and no further messages will be sent; no Complete message will be emitted.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.subscribe("a", `subscription { fails { body } }`)
		p.expectPayload("next", "a", `{"data":{"fails":{"body":"one"}}}`)
		p.expect("error", "a")
		p.nothingElse()
	}},
	{"execution error", "Next carries an ExecutionResult, with its errors.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		for _, query := range []string{`{ fail }`, `{ panics }`} {
			m := p.ask("a", query)
			if !strings.Contains(string(m.Payload), `"errors":[{`) || !strings.Contains(string(m.Payload), `:null`) {
				t.Fatalf("the payload is %s", m.Payload)
			}
		}
	}},
	{"panic in an event", "A resolver that panics fails its field, not the process.", true, func(t *testing.T, url string) {
		p := connect(t, url)
		p.ask("m", `mutation { publish(topic: "panic in an event", body: "x") }`)
		p.subscribe("a", `subscription { events(topic: "panic in an event", after: "0") { body boom } }`)
		if m := p.expect("next", "a"); !strings.Contains(string(m.Payload), `"boom":null`) || !strings.Contains(string(m.Payload), `"errors"`) {
			t.Fatalf("the payload is %s", m.Payload)
		}
		p.nothingElse()
		p.subscribe("b", `subscription { explodes { body } }`)
		p.expect("error", "b")
		p.nothingElse()
	}},
	{"client completes a subscription", "No further events, relevant to the original subscription, should be sent through.", false, func(t *testing.T, url string) {
		p, other := connect(t, url), connect(t, url)
		p.subscribe("a", `subscription { events(topic: "client completes", after: "0") { body } }`)
		other.ask("m", `mutation { publish(topic: "client completes", body: "x") }`)
		p.expect("next", "a")
		p.complete("a")
		p.nothingElse()
		other.ask("m", `mutation { publish(topic: "client completes", body: "x", times: 10) }`)
		p.nothingElse()
	}},
	{"client completes a query", "Even if the client sent a Complete message for a single-result-operation before it resolved, the result should not be sent through once it does.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.subscribe("a", `{ wait(key: "client completes a query", stubborn: true) }`)
		p.complete("a")
		p.ask("m", `mutation { release(key: "client completes a query") }`)
		p.nothingElse()
	}},
	{"complete unknown", "It is permissible to simply ignore all unknown IDs without closing the connection.", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.complete("never seen")
		p.ask("a", `{ hello }`)
		p.complete("a")
		p.nothingElse()
	}},
	{"complete before init", "Receiving a message (other than Subscribe) with an unknown ID does not constitute an error.", false, func(t *testing.T, url string) {
		p := dial(t, url)
		p.complete("a")
		p.init(`{}`)
	}},
	{"operation payload", "payload: { operationName?, query, variables?, extensions? }", false, func(t *testing.T, url string) {
		p := connect(t, url)
		p.send(`{"id":"a","type":"subscribe","payload":{"operationName":"B","query":"query A { hello } query B($t: String!) { echo(text: $t) }","variables":{"t":"ü\"\u0001"},"extensions":null}}`)
		p.expectPayload("next", "a", `{"data":{"echo":"ü\"\u0001"}}`)
		p.expect("complete", "a")
		p.send(`{"id":"a","type":"subscribe","payload":{"operationName":null,"query":"{ tag }","variables":null,"extensions":{"tag":"x"}}}`)
		p.expectPayload("next", "a", `{"data":{"tag":"x"}}`)
	}},
	{"33rd operation", "The 33rd operation of a socket gets error RATE_LIMITED; the socket stays.", true, func(t *testing.T, url string) {
		p := connect(t, url)
		for i := range 32 {
			p.subscribe(fmt.Sprint(i), `subscription { events(topic: "33rd operation") { body } }`)
		}
		p.subscribe("32", `{ hello }`)
		if m := p.expect("error", "32"); !strings.Contains(string(m.Payload), `"code":"RATE_LIMITED"`) || !strings.Contains(string(m.Payload), `"retryAfterMs"`) {
			t.Fatalf("the payload is %s", m.Payload)
		}
		p.complete("7")
		p.ask("32", `{ hello }`)
	}},
	{"11th socket", "The 11th socket of a user is closed with 1013.", true, func(t *testing.T, url string) {
		for range 10 {
			dial(t, url).init(`{"user":"11th socket"}`)
		}
		p := dial(t, url)
		p.send(`{"type":"connection_init","payload":{"user":"11th socket"}}`)
		p.expectClose(1013)
		dial(t, url).init(`{"user":"someone else"}`)
	}},
	{"close code of Init", "An error that carries a close code closes with it.", true, func(t *testing.T, url string) {
		p := dial(t, url)
		p.send(`{"type":"connection_init","payload":{"overloaded":"come later"}}`)
		if m := p.expectClose(1013); m.CloseReason != "come later" {
			t.Fatalf("the reason is %q", m.CloseReason)
		}
		p = dial(t, url)
		p.send(`{"type":"connection_init","payload":{"panic":true}}`)
		p.expectClose(1013)
	}},
	{"slow Init", "Init has its time too, and then the client may come again.", true, func(t *testing.T, url string) {
		p := dial(t, url)
		p.send(`{"type":"connection_init","payload":{"wait":"for ever"}}`)
		p.send(`{"type":"ping"}`)
		p.expect("pong", "") // the socket is served meanwhile
		p.expectClose(1013)
	}},
	{"expiry", "When the session of a socket expires it is closed with 4403.", true, func(t *testing.T, url string) {
		p := dial(t, url)
		p.init(`{"expires":"50ms"}`)
		p.expectClose(4403)
	}},
}
