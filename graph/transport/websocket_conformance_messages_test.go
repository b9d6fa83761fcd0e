package transport_test

import (
	"strings"
	"testing"
)

// messageChecks are messages "of a type or format which is not specified".
var messageChecks = badMessages(
	badMessage{"not JSON", `nonsense`, false},
	badMessage{"two values", `{"type":"ping"} {"type":"ping"}`, false},
	badMessage{"an array", `[{"type":"ping"}]`, false},
	badMessage{"a string", `"ping"`, false},
	badMessage{"null", `null`, false},
	badMessage{"no type", `{"id":"a"}`, false},
	badMessage{"type of a number", `{"type":1}`, false},
	badMessage{"unknown type", `{"type":"start","id":"a","payload":{"query":"{ hello }"}}`, false},
	badMessage{"type in capitals", `{"TYPE":"ping"}`, false},
	badMessage{"a server's message", `{"type":"next","id":"a","payload":{}}`, true},
	badMessage{"ping with a string", `{"type":"ping","payload":"x"}`, false},
	badMessage{"pong with a list", `{"type":"pong","payload":[1]}`, false},
	badMessage{"subscribe without id", `{"type":"subscribe","payload":{"query":"{ hello }"}}`, false},
	badMessage{"subscribe with an empty id", `{"type":"subscribe","id":"","payload":{"query":"{ hello }"}}`, false},
	badMessage{"subscribe with a number as id", `{"type":"subscribe","id":1,"payload":{"query":"{ hello }"}}`, false},
	badMessage{"subscribe with a huge id", `{"type":"subscribe","id":"` + strings.Repeat("i", 257) + `","payload":{"query":"{ hello }"}}`, true},
	badMessage{"subscribe without payload", `{"type":"subscribe","id":"a"}`, false},
	badMessage{"subscribe with a string", `{"type":"subscribe","id":"a","payload":"{ hello }"}`, false},
	badMessage{"subscribe without query", `{"type":"subscribe","id":"a","payload":{}}`, false},
	badMessage{"subscribe with query of null", `{"type":"subscribe","id":"a","payload":{"query":null}}`, false},
	badMessage{"query of a number", `{"type":"subscribe","id":"a","payload":{"query":1}}`, false},
	badMessage{"variables of a list", `{"type":"subscribe","id":"a","payload":{"query":"{ hello }","variables":[]}}`, false},
	badMessage{"operationName of a number", `{"type":"subscribe","id":"a","payload":{"query":"{ hello }","operationName":1}}`, false},
	badMessage{"extensions of a string", `{"type":"subscribe","id":"a","payload":{"query":"{ hello }","extensions":"x"}}`, false},
	badMessage{"complete without id", `{"type":"complete"}`, false},
	badMessage{"complete with an empty id", `{"type":"complete","id":""}`, false},
)

type badMessage struct {
	name, text string
	ours       bool
}

func badMessages(list ...badMessage) (checks []check) {
	const sentence = "Receiving a message of a type or format which is not specified in this document will result in an immediate socket closure with 4400."
	for _, m := range list {
		checks = append(checks, check{"4400 " + m.name, sentence, m.ours, func(t *testing.T, url string) {
			p := connect(t, url)
			p.send("%s", m.text)
			if c := p.expectClose(4400); c.CloseReason == "" {
				t.Fatal("the close frame gives no reason")
			}
		}})
	}
	for _, payload := range []string{`"a string"`, `["a list"]`, `1`} {
		checks = append(checks, check{"4400 init with " + payload, sentence, false, func(t *testing.T, url string) {
			p := dial(t, url)
			p.send(`{"type":"connection_init","payload":%s}`, payload)
			p.expectClose(4400)
		}})
	}
	return checks
}
