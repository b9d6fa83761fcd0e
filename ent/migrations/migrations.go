// Package migrations is the schema of the database, step by step: SQL for goose, applied in order of the
// numbers. Files that have been released are never changed.
package migrations

import "embed"

// Files are the migrations.
//
//go:embed *.sql
var Files embed.FS
