//go:build unix

package postgres

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
	"github.com/schollz/progressbar/v3"
)

// downloadable maps the major versions that embedded-postgres has programs of to the exact ones.
var downloadable = map[int]embeddedpostgres.PostgresVersion{
	14: embeddedpostgres.V14, 15: embeddedpostgres.V15, 16: embeddedpostgres.V16, 17: embeddedpostgres.V17, 18: embeddedpostgres.V18,
}

// download fetches the programs of a major version (0: any, so the newest) into the home and returns their folder.
// They are unpacked beside their final place and renamed, so that they are whole or absent.
func (p places) download(ctx context.Context, home string, major int, a account, progress io.Writer) (bin string, err error) {
	if major == 0 {
		major = 18
	}
	version, known := downloadable[major]
	if !known {
		return "", fmt.Errorf("there is no download of Postgres %d", major)
	}
	temp, err := os.MkdirTemp(home, "programs.new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	programs := filepath.Join(temp, "programs")

	// The library downloads only as a part of starting a server, on TCP and never as root. A data
	// folder that it cannot clear (os.RemoveAll refuses a path that ends in a dot) ends its Start right
	// after the programs are unpacked, and the server is ours to run.
	config := embeddedpostgres.DefaultConfig().Version(version).Port(0).Logger(io.Discard).
		CachePath(filepath.Join(temp, "cache")).RuntimePath(filepath.Join(temp, "runtime")).
		BinariesPath(programs).DataPath(temp + "/.")
	if p.repository != "" {
		config = config.BinaryRepositoryURL(p.repository)
	}
	restore := watchDownloads(ctx, progress)
	startErr := embeddedpostgres.NewDatabase(config).Start()
	restore()
	if _, err := os.Stat(filepath.Join(programs, "bin", "postgres")); err != nil {
		if ctx.Err() != nil {
			startErr = context.Cause(ctx)
		}
		return "", startErr
	}
	if err := a.own(programs); err != nil {
		return "", err
	}
	final := filepath.Join(home, "programs-"+string(version))
	os.RemoveAll(final) // it was found unusable, or there would be no download
	if err := os.Rename(programs, final); err != nil {
		return "", err
	}
	return filepath.Join(final, "bin"), nil
}

// own gives a tree to the user, who else might not be able to read it under a strict umask.
func (a account) own(root string) error {
	if !a.other {
		return nil
	}
	return filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, a.uid, a.gid)
	})
}

var downloads sync.Mutex // one download at a time has the client

// watchDownloads shows the progress of downloads of Postgres by http.DefaultClient, which the library uses,
// and has them end with ctx. Other requests of the process pass through untouched.
func watchDownloads(ctx context.Context, progress io.Writer) (restore func()) {
	downloads.Lock()
	before := http.DefaultClient.Transport
	base := before
	if base == nil {
		base = http.DefaultTransport
	}
	http.DefaultClient.Transport = &watchedTransport{ctx: ctx, base: base, progress: progress}
	return func() {
		http.DefaultClient.Transport = before
		downloads.Unlock()
	}
}

type watchedTransport struct {
	ctx      context.Context
	base     http.RoundTripper
	progress io.Writer
}

func (w *watchedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if !strings.Contains(request.URL.Path, "/embedded-postgres-binaries-") {
		return w.base.RoundTrip(request)
	}
	response, err := w.base.RoundTrip(request.WithContext(w.ctx))
	if err != nil || w.progress == nil || !strings.HasSuffix(request.URL.Path, ".jar") || response.StatusCode != http.StatusOK {
		return response, err
	}
	bar := progressbar.NewOptions64(response.ContentLength, progressbar.OptionSetWriter(w.progress),
		progressbar.OptionSetDescription("downloading Postgres"), progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionOnCompletion(func() { fmt.Fprintln(w.progress) }))
	body := progressbar.NewReader(response.Body, bar)
	response.Body = &body
	return response, nil
}
