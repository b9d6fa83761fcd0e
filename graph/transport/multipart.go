package transport

import (
	"bytes"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// multipart writes Apollo's multipart protocol for subscriptions, version 1.0. A reader sees the end of a
// part in the whole line of the boundary after it, so each part is written together with that line. Only the
// boundary of the last part differs: every way to end has a part to say so.
type multipart struct{}

const (
	partBegin    = "Content-Type: application/json\r\n\r\n"
	boundary     = "\r\n--graphql\r\n"
	lastBoundary = "\r\n--graphql--\r\n"
)

func (multipart) contentType() string {
	return `multipart/mixed;boundary="graphql";subscriptionSpec=1.0`
}

// begin follows the first boundary with a heartbeat: some clients report the stream as open at its first part.
func (m multipart) begin(b *bytes.Buffer) {
	b.WriteString(boundary)
	m.heartbeat(b)
}

func (multipart) heartbeat(b *bytes.Buffer) { b.WriteString(partBegin + "{}" + boundary) }

func (m multipart) event(b *bytes.Buffer, resp *graphql.Response, _ string) error {
	err := payload(b, resp)
	b.WriteString(boundary)
	return err
}

func payload(b *bytes.Buffer, resp *graphql.Response) error {
	b.WriteString(partBegin + `{"payload":`)
	err := encodeResult(b, resp)
	b.WriteByte('}')
	return err
}

// completed says by a payload of null that nothing more comes.
func (multipart) completed(b *bytes.Buffer) {
	b.WriteString(partBegin + `{"payload":null}` + lastBoundary)
}

// refused is a GraphQL result like any other, with errors and no data.
func (multipart) refused(b *bytes.Buffer, resp *graphql.Response) error {
	err := payload(b, resp)
	b.WriteString(lastBoundary)
	return err
}

// ended puts the errors beside a payload of null: they are of the connection, not of an event.
func (multipart) ended(b *bytes.Buffer, resp *graphql.Response) error {
	b.WriteString(partBegin + `{"payload":null,"errors":`)
	err := encodeJSON(b, resp.Errors)
	b.WriteString("}" + lastBoundary)
	return err
}

func (m multipart) drained(b *bytes.Buffer, resp *graphql.Response, _ time.Duration) error {
	return m.ended(b, resp)
}
