package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/notewire/notewire"

// floors are the rooms of this program, the ground floor first. A room imports rooms of lower floors only.
// ent stands between the ground floor and what is built on its tables.
var floors = [][]string{
	{"internal/problem", "internal/ids", "graph/transport", "web", "ent"},
	{"internal/page", "internal/config", "internal/access", "internal/postgres", "internal/search"},
	{"internal/stream"},
	{"internal/accounts", "internal/presence"},
	{"internal/notify"},
	{"internal/notes", "internal/board"},
	{"graph", "internal/demo"},
	{"."},
}

// forbidden is what a room must not import although it is on a lower floor.
var forbidden = map[string][]string{
	"graph":             {"ent"},
	"internal/page":     {"ent", "internal/postgres"},
	"internal/postgres": {"graph/transport", "web"},
}

// TestFloors reads the imports of every file that is compiled into the program.
func TestFloors(t *testing.T) {
	for room, imports := range directImports(t) {
		floor := floorOf(room)
		if floor < 0 {
			t.Errorf("%s stands on no floor: add it to floors", room)
			continue
		}
		for _, other := range imports {
			switch {
			case roomOf(other) == roomOf(room): // a room may have chambers
			case floorOf(other) >= floor:
				t.Errorf("%s imports %s, which is not below it", room, other)
			case slices.Contains(forbidden[roomOf(room)], roomOf(other)):
				t.Errorf("%s imports %s", room, other)
			}
			if strings.HasPrefix(room, "ent/schema") {
				t.Errorf("%s imports %s: the tables stand alone", room, other)
			}
		}
	}
}

func directImports(t *testing.T) map[string][]string {
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		room := filepath.ToSlash(filepath.Dir(path))
		if tool(room, file.Name.Name) {
			return nil
		}
		if found[room] == nil {
			found[room] = []string{} // also without imports it must stand somewhere
		}
		for _, i := range file.Imports {
			if name, err := strconv.Unquote(i.Path.Value); err == nil {
				if ours, ok := strings.CutPrefix(name, module+"/"); ok && !slices.Contains(found[room], ours) {
					found[room] = append(found[room], ours)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found["graph"]) == 0 || len(found["internal/notes"]) == 0 {
		t.Fatalf("too few imports were found: %v", found)
	}
	return found
}

// tool says that a package is no part of the program: a command of its own, or what only tests import.
func tool(room, name string) bool {
	return name == "main" && room != "." || strings.HasSuffix(room, "test") || strings.Contains(room, "testserver") || strings.HasPrefix(room, "test/") || room == "internal/sitetest"
}

// roomOf is the room that a package belongs to: the longest name on a floor that it is, or lies below.
func roomOf(pkg string) string {
	room := "."
	for _, floor := range floors {
		for _, r := range floor {
			if (pkg == r || strings.HasPrefix(pkg, r+"/")) && len(r) > len(room) {
				room = r
			}
		}
	}
	if room == "." && pkg != "." {
		return ""
	}
	return room
}

func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(f []string) bool { return slices.Contains(f, roomOf(pkg)) })
}
