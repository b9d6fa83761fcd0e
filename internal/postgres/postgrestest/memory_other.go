//go:build !linux

package postgrestest

// memory returns nothing: there is no folder in memory that is always there.
func memory() string { return "" }
