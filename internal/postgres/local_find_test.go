//go:build unix

package postgres

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fake makes programs that tell a version, and do nothing else.
func fake(t *testing.T, version string) string {
	t.Helper()
	dir := wrappers(t, "/nowhere", "exit 1")
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "postgres"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFindPrograms(t *testing.T) {
	t.Parallel()
	home := passable(t)
	owner, usual := accountAndPrograms(t, home)
	alone := passable(t) // a folder on PATH with a link to postgres and no initdb
	if err := os.Symlink(filepath.Join(usual.bin, "postgres"), filepath.Join(alone, "postgres")); err != nil {
		t.Fatal(err)
	}
	broken := fake(t, "16.1")
	if err := os.Remove(filepath.Join(broken, "initdb")); err != nil {
		t.Fatal(err)
	}
	old, ninetySeven, ninetyEight := fake(t, "13.9 (Debian)"), fake(t, "97beta1"), fake(t, "98.2")
	join := func(dirs ...string) string { return strings.Join(dirs, string(os.PathListSeparator)) }
	for _, test := range []struct {
		name  string
		where places
		data  string // PG_VERSION, if there is data
		want  string
	}{
		{"a link alone", places{path: alone}, "", usual.bin},
		{"an initdb is missing, one is too old", places{path: join(broken, old, "relative", ninetySeven)}, "", ninetySeven},
		{"path before other places", places{path: ninetySeven, patterns: []string{ninetyEight}}, "", ninetySeven},
		{"the newest of other places", places{patterns: []string{ninetySeven, ninetyEight}}, "", ninetyEight},
		{"the version of the data", places{path: ninetyEight, patterns: []string{ninetySeven}}, "97", ninetySeven},
	} {
		t.Run(test.name, func(t *testing.T) {
			home := passable(t)
			if test.data != "" {
				if err := os.Mkdir(clusterIn(home), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(clusterIn(home), "PG_VERSION"), []byte(test.data+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := test.where.choose(t.Context(), home, owner, nil)
			if err != nil || got.bin != test.want {
				t.Errorf("found %v (%v), want %s", got, err, test.want)
			}
		})
	}
}

// repository serves the programs of this machine as a Maven repository would, packed as they are there.
func repository(t *testing.T, bin string) *httptest.Server {
	t.Helper()
	// Programs look for their libraries beside them, and for the rest where they were built to be.
	pack := exec.Command("tar", "-C", filepath.Dir(bin), "--exclude=bitcode", "-cJf", "-", "bin/initdb", "bin/postgres", "lib")
	pack.Env = append(os.Environ(), "XZ_OPT=-0") // speed over size
	packed, err := pack.Output()
	if err != nil {
		t.Fatalf("tar: %v", err)
	}
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	w, err := z.Create("postgres.txz")
	if err == nil {
		_, err = w.Write(packed)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			fmt.Fprintf(w, "%x", sha256.Sum256(jar.Bytes()))
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(jar.Len()))
		w.Write(jar.Bytes())
	}))
	t.Cleanup(server.Close)
	return server
}

func TestDownloadPrograms(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	_, usual := accountAndPrograms(t, cfg.Dir)
	maven := repository(t, usual.bin)
	var progress bytes.Buffer
	cfg.Progress = &progress
	_, err := startLocal(within(t, 0), withLog(cfg), places{repository: maven.URL})
	if err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		t.Fatalf("a download past its time: %v", err)
	}
	for range 2 { // the second start has no need of the server
		l, err := startLocal(t.Context(), withLog(cfg), places{repository: maven.URL})
		if err != nil {
			t.Fatal(err)
		}
		query(t, l.DSN(), "SELECT 1")
		stop(t, l)
		maven.Close()
	}
	if text := progress.String(); !strings.Contains(text, "downloading Postgres") || !strings.Contains(text, "100%") {
		t.Errorf("the progress bar wrote %q", text)
	}
	if left, _ := filepath.Glob(filepath.Join(cfg.Dir, "programs*")); len(left) != 1 {
		t.Errorf("downloads: %v, want one", left)
	}
	if http.DefaultClient.Transport != nil {
		t.Error("http.DefaultClient is not as before")
	}
}

func withLog(cfg LocalConfig) LocalConfig {
	records(&cfg)
	return cfg
}

func TestNoProgramsAnywhere(t *testing.T) {
	t.Parallel()
	maven := httptest.NewServer(http.NotFoundHandler())
	defer maven.Close()
	cfg := withLog(quick(passable(t)))
	_, err := startLocal(t.Context(), cfg, places{repository: maven.URL})
	if err == nil {
		t.Fatal("started without programs")
	}
	t.Log(err)
	for _, want := range []string{"install Postgres", "set DATABASE_URL", "allow this program the download", "Postgres 14 or later"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}
