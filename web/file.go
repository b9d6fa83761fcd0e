package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// contentTypes names what a build may consist of. It is closed on purpose: the system's own table differs between machines.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".md":    "text/markdown; charset=utf-8",
	".png":   "image/png",
	".svg":   "image/svg+xml",
	".ttf":   "font/ttf",
	".wasm":  "application/wasm",
	".woff2": "font/woff2",
}

// compressed lists the types that carry their own compression: gzip would only add to them.
var compressed = map[string]bool{".png": true, ".woff2": true}

// file is one embedded file and the headers it is served with.
type file struct {
	contentType  string
	cacheControl string
	policy       string
	etag         string // without its quotes

	plain []byte
	// zipped is the gzip form, made at the first request that accepts it and kept: about a quarter of the plain size in
	// memory, and no second copy in the repository and the binary. It is nil for what gzip does not make smaller.
	zipped func() []byte
}

// newFile reads a file of dist. It panics where the build holds something that contentTypes has no name for.
func newFile(name, cacheControl, policy string) *file {
	content, err := dist.ReadFile(path.Join("dist", name))
	if err != nil {
		panic(err)
	}
	return makeFile(name, content, cacheControl, policy)
}

// schemaLinks are the links of the demo client to what a server without introspection does not serve.
var schemaLinks = regexp.MustCompile(`(?s)\s*<a href="/(playground|schema\.graphqls)">.*?</a>`)

// withoutSchema is the demo client of such a server.
func withoutSchema(index *file) *file {
	return makeFile("index.html", schemaLinks.ReplaceAll(index.plain, nil), index.cacheControl, index.policy)
}

func makeFile(name string, content []byte, cacheControl, policy string) *file {
	extension := path.Ext(name)
	contentType, known := contentTypes[extension]
	if !known {
		panic(fmt.Sprintf("web: dist/%s: no content type is known for %q; add it to contentTypes", name, extension))
	}
	sum := sha256.Sum256(content)
	return &file{
		contentType:  contentType,
		cacheControl: cacheControl,
		policy:       policy,
		etag:         base64.RawURLEncoding.EncodeToString(sum[:12]), // 96 bits: enough that no two builds meet
		plain:        content,
		zipped: sync.OnceValue(func() []byte {
			if compressed[extension] {
				return nil
			}
			return zip(content)
		}),
	}
}

// zip returns content as gzip, or nil if that is not smaller.
func zip(content []byte) []byte {
	var buffer bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
	if err != nil {
		panic(err) // The level is a constant of the package.
	}
	// Neither can fail: a bytes.Buffer takes everything.
	_, _ = writer.Write(content)
	_ = writer.Close()
	if buffer.Len() >= len(content) {
		return nil
	}
	return bytes.Clone(buffer.Bytes())
}

// ServeHTTP answers GET and HEAD, conditional and range requests included. The two encodings have an ETag each, as RFC 9110
// asks of a strong one.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", f.cacheControl)
	header.Set("Content-Security-Policy", f.policy)
	header.Set("Vary", "Accept-Encoding")

	content, etag := f.plain, f.etag
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		if zipped := f.zipped(); zipped != nil {
			content, etag = zipped, f.etag+"-gzip"
			header.Set("Content-Encoding", "gzip")
			// ServeContent leaves this out when there is an encoding, in case somebody compresses behind its back.
			header.Set("Content-Length", strconv.Itoa(len(zipped)))
		}
	}
	header.Set("ETag", `"`+etag+`"`)
	// Embedded files have no time of their own; the ETag alone validates.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// acceptsGzip reads Accept-Encoding by RFC 9110, section 12.5.3: gzip is welcome if it is named, or else if * is, with a
// weight above nought.
func acceptsGzip(values []string) bool {
	wildcard := false
	for element := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, parameter, _ := strings.Cut(element, ";")
		weight := 1.0
		if name, value, ok := strings.Cut(parameter, "="); ok && strings.EqualFold(strings.TrimSpace(name), "q") {
			parsed, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				parsed = 0 // A weight that cannot be read asks for nothing.
			}
			weight = parsed
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return weight > 0
		case "*":
			wildcard = weight > 0
		}
	}
	return wildcard
}
