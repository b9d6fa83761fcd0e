package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/notewire/notewire/web"
)

const (
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; " +
		"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
	playgroundPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; " +
		"font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; " +
		"worker-src 'self' blob:"
)

// ask sends one request to a handler of its own and returns the answer.
func ask(t *testing.T, options web.Options, method, path string, headers ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	web.Handler(options).ServeHTTP(recorder, request)
	return recorder.Result()
}

func bodyOf(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func wantHeaders(t *testing.T, response *http.Response, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := response.Header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
}

var reference = regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`)

// assetsOf returns the paths under /assets/ that a page names.
func assetsOf(t *testing.T, page string) []string {
	t.Helper()
	var paths []string
	for _, match := range reference.FindAllStringSubmatch(bodyOf(t, ask(t, web.Options{}, "GET", page)), -1) {
		paths = append(paths, match[1])
	}
	if len(paths) == 0 {
		t.Fatalf("%s names no assets", page)
	}
	return paths
}

func TestPages(t *testing.T) {
	for path, want := range map[string]struct{ text, policy, contentType string }{
		"/":            {"Private notes", pagePolicy, "text/html; charset=utf-8"},
		"/playground":  {`id="playground"`, playgroundPolicy, "text/html; charset=utf-8"},
		"/licenses.md": {"monaco-editor", pagePolicy, "text/markdown; charset=utf-8"},
	} {
		t.Run(path, func(t *testing.T) {
			response := ask(t, web.Options{}, "GET", path)
			if response.StatusCode != http.StatusOK {
				t.Fatalf("status %d", response.StatusCode)
			}
			wantHeaders(t, response, map[string]string{
				"Content-Type":            want.contentType,
				"Cache-Control":           "no-cache",
				"Content-Security-Policy": want.policy,
				"X-Content-Type-Options":  "nosniff",
				"Referrer-Policy":         "no-referrer",
				"Vary":                    "Accept-Encoding",
				"Content-Encoding":        "",
			})
			if body := bodyOf(t, response); !strings.Contains(body, want.text) {
				t.Errorf("the page does not contain %q", want.text)
			}
		})
	}
}

func TestPagesHoldNothingInline(t *testing.T) {
	// The policy would block it without a word to the server.
	inline := regexp.MustCompile(`<style|<script(?:\s[^>]*)?>[^<]|\sstyle="|\son[a-z]+="|javascript:`)
	for _, path := range []string{"/", "/playground"} {
		if found := inline.FindString(bodyOf(t, ask(t, web.Options{}, "GET", path))); found != "" {
			t.Errorf("%s has inline code or style: %q", path, found)
		}
	}
}

func TestAssetsAreKeptForever(t *testing.T) {
	types := map[string]string{
		"js":  "text/javascript; charset=utf-8",
		"css": "text/css; charset=utf-8",
		"svg": "image/svg+xml",
	}
	for _, path := range append(assetsOf(t, "/"), assetsOf(t, "/playground")...) {
		response := ask(t, web.Options{}, "GET", path)
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", path, response.StatusCode)
			continue
		}
		if !regexp.MustCompile(`-[\w-]{8}\.\w+$`).MatchString(path) {
			t.Errorf("%s has no hash in its name, and yet is kept for a year", path)
		}
		wantHeaders(t, response, map[string]string{
			"Content-Type":            types[path[strings.LastIndexByte(path, '.')+1:]],
			"Cache-Control":           "public, max-age=31536000, immutable",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"Content-Security-Policy": pagePolicy,
		})
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	for _, path := range []string{
		"/index.html", "/playground.html", "/playground/", "/assets", "/assets/", "/assets/none.js", "/dist/index.html",
		"/embed.go", "/assets/../index.html", "/graphql", "//",
	} {
		if response := ask(t, web.Options{}, "GET", path); response.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: status %d, want 404", path, response.StatusCode)
		}
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "FETCH"} {
		for _, path := range []string{"/", "/playground", assetsOf(t, "/")[0]} {
			response := ask(t, web.Options{}, method, path)
			if response.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: status %d, want 405", method, path, response.StatusCode)
			}
			wantHeaders(t, response, map[string]string{"Allow": "GET, HEAD", "X-Content-Type-Options": "nosniff"})
		}
	}
}

func TestNoPlayground(t *testing.T) {
	hidden := web.Options{NoPlayground: true}
	if response := ask(t, hidden, "GET", "/playground"); response.StatusCode != http.StatusNotFound {
		t.Errorf("/playground: status %d, want 404", response.StatusCode)
	}
	if response := ask(t, hidden, "GET", "/"); response.StatusCode != http.StatusOK {
		t.Errorf("/: status %d", response.StatusCode)
	}
	// What the page loads first carries the example operations.
	found := false
	for _, path := range assetsOf(t, "/playground") {
		if !strings.Contains(bodyOf(t, ask(t, web.Options{}, "GET", path)), "SendNoteInput") {
			continue
		}
		found = true
		if response := ask(t, hidden, "GET", path); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s names operations of the schema: status %d, want 404", path, response.StatusCode)
		}
	}
	if !found {
		t.Error("no script of the playground holds the examples: the test looks for the wrong text")
	}
}

func TestGzip(t *testing.T) {
	plain := ask(t, web.Options{}, "GET", "/")
	text := bodyOf(t, plain)
	for header, want := range map[string]string{
		"gzip":                       "gzip",
		"gzip, deflate, br, zstd":    "gzip",
		"br;q=1.0, GZIP;q=0.5":       "gzip",
		"deflate, *":                 "gzip",
		"":                           "",
		"identity":                   "",
		"br":                         "",
		"gzip;q=0":                   "",
		"gzip; q=0.000, *":           "",
		"*;q=0":                      "",
		"gzip;q=rubbish":             "",
		"gzipped, notgzip, x-gzip-9": "",
	} {
		response := ask(t, web.Options{}, "GET", "/", "Accept-Encoding", header)
		if got := response.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", header, got, want)
			continue
		}
		if response.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", header)
		}
		if want == "" {
			continue
		}
		if response.Header.Get("ETag") == plain.Header.Get("ETag") {
			t.Error("both encodings have the same strong ETag")
		}
		if length := response.ContentLength; length <= 0 || length >= int64(len(text)) {
			t.Errorf("Content-Length %d of %d plain bytes", length, len(text))
		}
		reader, err := gzip.NewReader(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if unzipped, err := io.ReadAll(reader); err != nil || string(unzipped) != text {
			t.Errorf("the gzip form holds something else (%v)", err)
		}
	}
}

func TestConditionalRequestsAndHead(t *testing.T) {
	for _, encoding := range []string{"identity", "gzip"} {
		first := ask(t, web.Options{}, "GET", "/playground", "Accept-Encoding", encoding)
		etag := first.Header.Get("ETag")
		again := ask(t, web.Options{}, "GET", "/playground", "Accept-Encoding", encoding, "If-None-Match", etag)
		if again.StatusCode != http.StatusNotModified || bodyOf(t, again) != "" {
			t.Errorf("%s: If-None-Match %s: status %d, want 304 and no body", encoding, etag, again.StatusCode)
		}
		wantHeaders(t, again, map[string]string{"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"})
		stale := ask(t, web.Options{}, "GET", "/playground", "Accept-Encoding", encoding, "If-None-Match", `"other"`)
		if stale.StatusCode != http.StatusOK {
			t.Errorf("%s: another ETag: status %d, want 200", encoding, stale.StatusCode)
		}
		head := ask(t, web.Options{}, "HEAD", "/playground", "Accept-Encoding", encoding)
		if head.StatusCode != http.StatusOK || bodyOf(t, head) != "" {
			t.Errorf("%s: HEAD: status %d, want 200 and no body", encoding, head.StatusCode)
		}
		wantHeaders(t, head, map[string]string{
			"ETag":             etag,
			"Content-Length":   first.Header.Get("Content-Length"),
			"Content-Encoding": first.Header.Get("Content-Encoding"),
			"Content-Type":     "text/html; charset=utf-8",
		})
	}
}

// TestSize keeps the binary from growing unnoticed: one alias of vite.config.ts that no longer matches costs up to 0.5 MB.
func TestSize(t *testing.T) {
	const most = 5_500_000 // bytes, plain; 5.1 MB when this was written
	if size := web.DistSize(); size > most {
		t.Errorf("dist holds %d bytes, more than %d: what was added, and is it worth it?", size, most)
	}
}

// TestDemoSize keeps the demo client fast to load: all the scripts and styles that its page names, as gzip.
//
// Red when the page imports all of the package graphql.
func TestDemoSize(t *testing.T) {
	const most = 150_000 // bytes; 135,000 when this was written
	size := 0
	for _, path := range assetsOf(t, "/") {
		if strings.HasSuffix(path, ".svg") {
			continue
		}
		size += len(bodyOf(t, ask(t, web.Options{}, "GET", path, "Accept-Encoding", "gzip")))
	}
	if size > most || size < most/10 {
		t.Errorf("the demo client weighs %d bytes, want at most %d and more than nothing", size, most)
	}
	t.Logf("%d bytes", size)
}

// A server that hides its schema links nothing that it does not serve.
func TestIndexWithoutTheSchema(t *testing.T) {
	for noPlayground, want := range map[bool]bool{false: true, true: false} {
		recorder := httptest.NewRecorder()
		web.Handler(web.Options{NoPlayground: noPlayground}).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		page := recorder.Body.String()
		for _, link := range []string{`href="/playground"`, `href="/schema.graphqls"`} {
			if strings.Contains(page, link) != want {
				t.Errorf("without the playground: %t; %s is linked: %t", noPlayground, link, !want)
			}
		}
		if !strings.Contains(page, `href="/graphql?query=`) {
			t.Error("the endpoint is not linked")
		}
	}
}
