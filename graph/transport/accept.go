package transport

import (
	"mime"
	"strconv"
	"strings"
)

// The media types that the HTTP doors write.
const (
	mediaJSON        = "application/json"
	mediaGraphQL     = "application/graphql-response+json"
	mediaEventStream = "text/event-stream"
	mediaMultipart   = "multipart/mixed;subscriptionSpec=1.0"
)

// mediaRange is one member of an Accept header (RFC 9110, 12.5.1).
type mediaRange struct {
	kind string // "type/subtype", "type/*" or "*/*", in lower case
	spec string // the parameter subscriptionSpec, which tells Apollo's multipart from others
	q    float64
}

// parseAccept reads the lines of an Accept header. Members that are malformed are left out: a client
// that sends one readable member is still served.
func parseAccept(lines []string) []mediaRange {
	var ranges []mediaRange
	for _, line := range lines {
		for member := range splitList(line) {
			kind, params, err := mime.ParseMediaType(member)
			if err != nil || !strings.Contains(kind, "/") {
				continue
			}
			q := 1.0
			if text, ok := params["q"]; ok {
				if q, err = strconv.ParseFloat(text, 64); err != nil || !(q >= 0 && q <= 1) {
					continue
				}
			}
			ranges = append(ranges, mediaRange{kind: kind, spec: params["subscriptionspec"], q: q})
		}
	}
	return ranges
}

// splitList yields the members of a comma-separated header value; a comma within quotes is no separator.
func splitList(line string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i <= len(line); i++ {
			switch {
			case i < len(line) && line[i] == '\\' && quoted:
				i++
			case i < len(line) && line[i] == '"':
				quoted = !quoted
			case i >= len(line) || line[i] == ',' && !quoted:
				if member := strings.TrimSpace(line[start:min(i, len(line))]); member != "" && !yield(member) {
					return
				}
				start = i + 1
			}
		}
	}
}

// negotiate returns the offer that the client prefers: highest quality, then first named by the client,
// then first offered. "" means that none is acceptable. An offer takes its quality from the most specific
// range that matches it, so that "text/event-stream;q=0, */*" excludes what it says. With named, wildcards
// do not count: clients that send "*/*" by default cannot read a stream.
func negotiate(ranges []mediaRange, named bool, offers ...string) string {
	best, bestQ, bestAt := "", 0.0, 0
	for _, offer := range offers {
		q, at, specificity := 0.0, 0, 0
		for i, r := range ranges {
			s := r.matches(offer)
			if s > specificity && (!named || s == exactly) {
				q, at, specificity = r.q, i, s
			}
		}
		if q > bestQ || q > 0 && q == bestQ && at < bestAt {
			best, bestQ, bestAt = offer, q, at
		}
	}
	return best
}

const exactly = 3

// matches says how specifically the range names the offer: 0 not at all, 1 by */*, 2 by type/*, 3 exactly.
func (r mediaRange) matches(offer string) int {
	kind, parameter, _ := strings.Cut(offer, ";")
	switch major, _, _ := strings.Cut(kind, "/"); {
	case r.kind == kind && (parameter == "" || parameter == "subscriptionSpec="+r.spec):
		return exactly
	case r.kind == major+"/*":
		return 2
	case r.kind == "*/*":
		return 1
	}
	return 0
}

// negotiateJSON returns the JSON media type for one response. Without an Accept header it is
// application/json, as for a wildcard: whoever can read the newer type says so.
func negotiateJSON(ranges []mediaRange, present bool) string {
	if !present {
		return mediaJSON
	}
	return negotiate(ranges, false, mediaJSON, mediaGraphQL)
}

// negotiateStream returns the media type for a stream, "" when the client names none.
func negotiateStream(ranges []mediaRange) string {
	return negotiate(ranges, true, mediaEventStream, mediaMultipart)
}
