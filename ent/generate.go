// Package ent is the tables: schema/ describes them, migrations/ holds the versioned SQL made from them,
// and the rest is generated. Tables with composite keys, which ent cannot describe, are written by hand
// in the same migrations and belong to the package that uses them.
package ent

//go:generate go tool ent generate --feature sql/lock,sql/upsert,sql/execquery ./schema
