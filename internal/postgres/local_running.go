//go:build unix

package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lib/pq"
)

// RunningLocal returns the connection string of the local Postgres that another process runs in a folder, and ""
// when none answers there. It takes nothing: Postgres ends with the process that has started it, and whoever
// starts one in the folder is not in the way.
func RunningLocal(ctx context.Context, dir string) string {
	path, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return ""
	}
	home, found := existingHome(path)
	if !found {
		return ""
	}
	// What Postgres itself writes: the fifth line is the folder of its socket.
	text, err := os.ReadFile(filepath.Join(clusterIn(home), "postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) < 5 || lines[4] == "" {
		return ""
	}
	dsn := localDSN(lines[4]) + quoteDSN(localDatabase)
	connector, err := pq.NewConnector(dsn)
	if err != nil {
		return ""
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if db.PingContext(ctx) != nil {
		return ""
	}
	return dsn
}

// localDSN is the connection string of a local Postgres, up to the name of the database.
func localDSN(socket string) string {
	return fmt.Sprintf("host=%s port=5432 user=%s sslmode=disable dbname=", quoteDSN(socket), localUser)
}
