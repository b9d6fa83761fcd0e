//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// oldestMajor is the first version of Postgres that works; the tests of the project run on it and later ones.
const oldestMajor = 14

// install is a folder that has initdb and postgres, and their major version.
type install struct {
	bin   string
	major int
}

// places are where to look for Postgres, and where to download it from.
type places struct {
	path       string   // like the variable PATH
	patterns   []string // of folders of programs
	repository string   // a Maven repository; empty for the one that embedded-postgres knows
}

func usualPlaces() places {
	p := places{path: os.Getenv("PATH"), patterns: []string{
		"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
		"/usr/pgsql-*/bin",          // the packages of postgresql.org for Red Hat
		"/usr/libexec/postgresql*",  // Alpine
		"/usr/local/pgsql/bin",      // built from source
	}}
	if runtime.GOOS == "darwin" {
		p.patterns = append(p.patterns,
			"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin", // Homebrew
			"/Applications/Postgres.app/Contents/Versions/*/bin")
	}
	return p
}

// choose returns the programs for a home: of the version of its cluster if it has one, otherwise the
// first on PATH or the newest elsewhere. With no Postgres at all it downloads one.
func (p places) choose(ctx context.Context, home string, a account, progress io.Writer) (install, error) {
	need, err := clusterVersion(home)
	if err != nil {
		return install{}, err
	}
	found := p.find(ctx, home, a)
	for _, i := range found {
		if need == 0 || i.major == need {
			return i, nil
		}
	}
	if len(found) > 0 {
		return install{}, fmt.Errorf("the data in %s was made by Postgres %d, and only %s was found: install Postgres %[2]d, or set DATABASE_URL, or move that folder away to begin with an empty database",
			clusterIn(home), need, describeInstalls(found))
	}
	bin, err := p.download(ctx, home, need, a, progress)
	if err == nil {
		var got install
		if got, err = inspect(ctx, bin, a); err == nil {
			return got, nil
		}
	}
	what := fmt.Sprintf("Postgres %d or later", oldestMajor)
	if need != 0 {
		what = fmt.Sprintf("Postgres %d, which made the data in %s,", need, clusterIn(home))
	}
	return install{}, fmt.Errorf("no %s was found, and it could not be downloaded: %w. Either install Postgres (apt install postgresql, brew install postgresql), or set DATABASE_URL to one that runs elsewhere, or allow this program the download", what, err)
}

func describeInstalls(found []install) string {
	var names []string
	for _, i := range found {
		names = append(names, fmt.Sprintf("%d (%s)", i.major, i.bin))
	}
	return strings.Join(names, ", ")
}

// find returns what can be used, best first, each folder once.
func (p places) find(ctx context.Context, home string, a account) (found []install) {
	seen := map[string]bool{}
	try := func(bin string) []install {
		resolved, err := filepath.EvalSymlinks(bin)
		if err != nil || seen[resolved] {
			return nil
		}
		seen[resolved] = true
		i, err := inspect(ctx, resolved, a)
		if err != nil || i.major < oldestMajor {
			return nil
		}
		return []install{i}
	}
	for _, dir := range filepath.SplitList(p.path) {
		if !filepath.IsAbs(dir) {
			continue // never programs of the current folder
		}
		// A folder of symbolic links, or with one of the two programs only: look where they lead first.
		var here []install
		for _, program := range []string{"postgres", "initdb"} {
			if target, err := filepath.EvalSymlinks(filepath.Join(dir, program)); err == nil {
				here = append(here, try(filepath.Dir(target))...)
			}
		}
		if len(here) == 0 {
			here = try(dir)
		}
		found = append(found, here...)
	}
	var others []install
	for _, pattern := range append(slices.Clone(p.patterns), filepath.Join(escapeGlob(home), "programs-*", "bin")) {
		dirs, _ := filepath.Glob(pattern) // its only error is a bad pattern
		for _, dir := range dirs {
			others = append(others, try(dir)...)
		}
	}
	slices.SortStableFunc(others, func(a, b install) int { return b.major - a.major })
	return append(found, others...)
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// inspect asks the programs of a folder for their version, as the user that is to run them.
func inspect(ctx context.Context, bin string, a account) (install, error) {
	for _, program := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(bin, program)); err != nil {
			return install{}, err
		} else if info.IsDir() {
			return install{}, errors.New(bin + " has a folder named " + program)
		}
	}
	out, err := a.run(ctx, "/", filepath.Join(bin, "postgres"), "--version")
	if err != nil {
		return install{}, fmt.Errorf("%s does not run as the user %s: %w", filepath.Join(bin, "postgres"), a.name, err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return install{}, fmt.Errorf("%s does not tell its version: %q", filepath.Join(bin, "postgres"), out)
	}
	major, err := strconv.Atoi(string(match[1]))
	return install{bin: bin, major: major}, err
}
