package transport_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/notewire/notewire/graph/transport"
)

func TestOriginAllowed(t *testing.T) {
	origins, err := transport.NewOrigins("https://www.example.org", "HTTP://Other.example:8080/", "https://shop.example:443", "capacitor://localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		origin, host, site string
		tls, want          bool
	}{
		{"", "api.example.org", "", false, true}, // not a browser
		{"https://www.example.org", "api.example.org", "", false, true},
		{"http://other.example:8080", "api.example.org", "", false, true},
		{"https://shop.example", "api.example.org", "", false, true},
		{"capacitor://localhost", "api.example.org", "", false, true},
		{"http://www.example.org", "api.example.org", "", false, false},
		{"https://www.example.org:8443", "api.example.org", "", false, false},
		{"https://www.example.org.evil", "api.example.org", "", false, false},
		{"https://evil-www.example.org", "api.example.org", "", false, false},
		{"https://example.org", "api.example.org", "", false, false},
		{"https://www.example.org/", "api.example.org", "", false, false},
		{"https://www.example.org@evil", "api.example.org", "", false, false},
		{"https://www.example.org https://evil", "api.example.org", "", false, false},
		{"http://other.example", "api.example.org", "", false, false},
		{"null", "api.example.org", "", false, false},
		{"null", "api.example.org", "same-origin", false, false},
		{"file://", "api.example.org", "", false, false},
		// The origin that the request is addressed to.
		{"http://api.example.org", "api.example.org", "", false, true},
		{"http://api.example.org", "api.example.org:80", "", false, true},
		{"http://api.example.org", "API.example.org", "", false, true},
		{"http://127.0.0.1:8080", "127.0.0.1:8080", "", false, true},
		{"http://[::1]:8080", "[::1]:8080", "", false, true},
		{"https://api.example.org", "api.example.org", "", true, true},
		{"https://api.example.org", "api.example.org", "", false, false},
		{"http://api.example.org", "api.example.org", "", true, false},
		{"http://127.0.0.1:8081", "127.0.0.1:8080", "", false, false},
		{"http://api.example.org.evil", "api.example.org", "", false, false},
		// A proxy ended TLS, and the browser says that page and request share an origin.
		{"https://api.example.org", "api.example.org", "same-origin", false, true},
		{"https://api.example.org", "api.example.org", "same-site", false, false},
		{"https://api.example.org", "api.example.org", "cross-site", false, false},
		{"https://evil.example", "api.example.org", "same-origin", false, false},
	} {
		r := httptest.NewRequest("POST", "/graphql", nil)
		r.Host = c.host
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := origins.Allowed(r); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	r := httptest.NewRequest("POST", "/graphql", nil)
	r.Header["Origin"] = []string{"https://www.example.org", "https://www.example.org"}
	if origins.Allowed(r) {
		t.Error("two Origin headers are allowed")
	}
}

func TestOriginConfiguration(t *testing.T) {
	for _, bad := range []string{"*", "https://*.example.org", "www.example.org", "https://", "https://a.example/path", "https://a.example?x", "https://user@a.example", "null", "", "//a.example", "https://쪽지.example"} {
		if _, err := transport.NewOrigins(bad); err == nil {
			t.Errorf("%q was taken", bad)
		} else if !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestOriginCORS(t *testing.T) {
	origins, err := transport.NewOrigins("https://www.example.org")
	if err != nil {
		t.Fatal(err)
	}
	f := newHTTPFixture(t, &transport.HTTP{}, func(s *http.Server, h http.Handler) { s.Handler = origins.CORS(h) })
	mutation := query(`mutation { increment }`)
	for _, origin := range []string{"https://www.example.org", f.url} {
		got := f.post(mutation, "Origin", origin)
		if got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != origin || got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", origin, got.status, got.header)
		}
		pre := f.send("OPTIONS", "/graphql", "", "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,x-my-client")
		if pre.status != 204 || pre.header.Get("Access-Control-Allow-Origin") != origin || pre.header.Get("Access-Control-Allow-Methods") != "POST" ||
			pre.header.Get("Access-Control-Allow-Headers") != "authorization,content-type,x-my-client" || pre.header.Get("Access-Control-Max-Age") != "600" {
			t.Errorf("preflight of %s: %d %v", origin, pre.status, pre.header)
		}
	}
	ran := f.service.Increments.Load()
	for _, origin := range []string{"https://evil.example", "null", "https://www.example.org.evil", "http://www.example.org"} {
		got := f.post(mutation, "Origin", origin)
		if got.status != 403 || got.code() != "FORBIDDEN" || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", origin, got.status, got.header)
		}
		pre := f.send("OPTIONS", "/graphql", "", "Origin", origin, "Access-Control-Request-Method", "POST")
		if pre.status != 204 || pre.header.Get("Access-Control-Allow-Origin") != "" || pre.header.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("preflight of %s: %d %v", origin, pre.status, pre.header)
		}
		if got := f.send("GET", "/graphql?query={count}", "", "Origin", origin); got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("GET of %s: %v", origin, got.header)
		}
	}
	if f.service.Increments.Load() != ran {
		t.Error("a mutation of a foreign page ran")
	}
	for _, got := range []reply{f.post(query(`{ count }`)), f.post(query(`{ count }`), "Origin", "https://evil.example"), f.post(query(`{ count }`), "Origin", "https://www.example.org")} {
		vary := strings.Join(got.header.Values("Vary"), ", ")
		for _, name := range []string{"Origin", "Accept", "Authorization"} {
			if !strings.Contains(vary, name) {
				t.Errorf("Vary %q lacks %s", vary, name)
			}
		}
	}
}
