// Package clients runs the clients that people use (Apollo Client, urql, Relay, graphql-ws, graphql-sse, an
// EventSource in a browser, curl) against the running program: queries, mutations, subscriptions, a server
// that is killed and comes back, sessions that end.
//
//	go test -tags clients ./test/clients/...
//
// needs Node 20 or later with npm, Chromium (CHROMIUM names it, else /usr/bin/chromium) and curl.
package clients
