// Package web holds the pages that Notewire serves to browsers: the demo client and the playground. The sources are built by
// Vite (see README.md); the built files are committed in dist and embedded here, so that building the binary needs no Node
// and serving the pages needs no network.
package web

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// What a page may load, as Content Security Policy Level 3 has it: what comes from this server, and pictures from anywhere
// over https. An answer that is not a page gets the same, because a worker lives under the policy of its own script.
const (
	policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; " +
		"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

	// Monaco, the playground's editor, writes style elements and starts workers.
	playgroundPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; " +
		"font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; " +
		"worker-src 'self' blob:"
)

const (
	// A file under /assets/ has the hash of its content in its name, so it never changes.
	forever = "public, max-age=31536000, immutable"
	// A page names the assets of one build, so it is asked for again each time; its ETag makes that cheap.
	revalidate = "no-cache"
)

// Options says which pages are served.
type Options struct {
	// NoPlayground leaves out /playground and the scripts that carry its example operations, for a site that does not show
	// its schema to strangers.
	NoPlayground bool
}

// Handler serves the demo client at /, the playground at /playground, the built files under /assets/ and the notices of the
// libraries in them at /licenses.md. GET and HEAD are answered, other methods with 405, and every other path with 404. What
// compresses is sent as gzip to those who accept it. The handler is made once and used by all requests together.
func Handler(options Options) http.Handler {
	files := map[string]*file{
		"/":            newFile("index.html", revalidate, policy),
		"/licenses.md": newFile("licenses.md", revalidate, policy),
	}
	if options.NoPlayground {
		files["/"] = withoutSchema(files["/"])
	} else {
		files["/playground"] = newFile("playground.html", revalidate, playgroundPolicy)
	}
	for _, name := range assets() {
		if options.NoPlayground && strings.HasPrefix(name, "assets/playground-") {
			continue
		}
		files["/"+name] = newFile(name, forever, policy)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", policy)
		f, found := files[r.URL.Path]
		switch {
		case !found:
			http.NotFound(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "This page is read with GET or HEAD.", http.StatusMethodNotAllowed)
		default:
			f.ServeHTTP(w, r)
		}
	})
}

// assets lists the files under dist/assets by their names within dist.
func assets() []string {
	entries, err := fs.ReadDir(dist, "dist/assets")
	if err != nil {
		panic(err) // The folder is embedded: without it the package does not compile.
	}
	var names []string
	for _, entry := range entries {
		names = append(names, path.Join("assets", entry.Name()))
	}
	return names
}
