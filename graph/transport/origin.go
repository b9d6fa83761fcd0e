package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"
)

// Origins is the list of the sites whose pages may use the API in a browser, for CORS and websockets alike.
type Origins struct {
	listed map[string]struct{}
}

// NewOrigins returns a list of exactly these origins ("https://www.example.org"), beside the origin that
// a request itself is addressed to, which is always allowed. There are no patterns: a prefix or suffix
// also fits the name that an attacker registers.
func NewOrigins(origins ...string) (*Origins, error) {
	o := &Origins{listed: map[string]struct{}{}}
	for _, origin := range origins {
		u, err := url.Parse(strings.TrimSuffix(strings.ToLower(origin), "/"))
		switch {
		case strings.Contains(origin, "*"):
			return nil, fmt.Errorf("the allowed origin %q is a pattern: list each origin in full", origin)
		case err != nil || u.Scheme == "" || u.Hostname() == "" || u.Scheme+"://"+u.Host != u.String():
			return nil, fmt.Errorf("the allowed origin %q is not an origin: write scheme, host and port, like https://www.example.org", origin)
		case strings.ContainsFunc(u.Host, func(r rune) bool { return r > '~' }):
			return nil, fmt.Errorf("the allowed origin %q is not in ASCII: write its host in punycode, as browsers do", origin)
		}
		o.listed[u.Scheme+"://"+withoutDefaultPort(u.Scheme, u.Host)] = struct{}{}
	}
	return o, nil
}

// Allowed says whether a request may come from the page that sent it. Without an Origin header it may:
// then it is no browser's, and the API takes no cookies that a browser would add.
func (o *Origins) Allowed(r *http.Request) bool {
	values := r.Header["Origin"]
	if len(values) == 0 {
		return true
	}
	if len(values) > 1 {
		return false
	}
	origin := values[0] // browsers write it in one form, so it is compared as it is
	if _, ok := o.listed[origin]; ok {
		return true
	}
	scheme := "http"
	// Behind a proxy that ends TLS the request looks like plain HTTP. A browser says truly whether page
	// and request share scheme, host and port; no page can set this header.
	if r.TLS != nil || r.Header.Get("Sec-Fetch-Site") == "same-origin" && strings.HasPrefix(origin, "https://") {
		scheme = "https"
	}
	return origin == scheme+"://"+withoutDefaultPort(scheme, strings.ToLower(r.Host))
}

// CORS wraps next: pages of allowed origins may read its answers. Other pages may not, and may not send
// anything but GET and HEAD either. Credentials in cookies are never allowed: the API knows bearer tokens only.
func (o *Origins) CORS(next http.Handler) http.Handler {
	c := cors.New(cors.Options{
		AllowOriginVaryRequestFunc: func(r *http.Request, _ string) (bool, []string) { return o.Allowed(r), nil },
		AllowedMethods:             []string{http.MethodGet, http.MethodPost},
		AllowedHeaders:             []string{"*"}, // echoed; clients add names and versions of their own
		ExposedHeaders:             []string{"Retry-After", "X-Request-Id"},
		MaxAge:                     600, // seconds; Chromium's own cap is two hours
		OptionsSuccessStatus:       http.StatusNoContent,
	})
	return c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !o.Allowed(r) {
			WriteError(w, r, http.StatusForbidden, requestError(codeForbidden, "this origin is not among the allowed origins of the server"))
			return
		}
		next.ServeHTTP(w, r)
	}))
}

func withoutDefaultPort(scheme, host string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}
