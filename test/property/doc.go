// Package property holds the mailbox to what must always be true, whatever its users do: random operations
// by five users at two servers, and after each the counters equal what a count gives, a client that only
// follows its events has what a fresh fetch gives, and nobody sees what is not theirs.
//
//	go test ./test/property -rapid.checks=500 -steps 100 -timeout 1h   # longer
//	go test ./test/property -rapid.seed=N                        # again, as a failure has printed it
package property
