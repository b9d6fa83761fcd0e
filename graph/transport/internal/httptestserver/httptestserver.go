// Package httptestserver is a small GraphQL service behind the HTTP doors, for their tests: an echo, a
// mutation that counts its runs, and a subscription that reads a log.
package httptestserver

//go:generate go tool gqlgen generate
