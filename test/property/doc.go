// Package property holds mailbox, board and bell to what must always be true, whatever their users do: random
// operations by five users at two servers, of which one leaves much to the workers. Again and again the counters
// equal what a count gives, a client that only follows its events has what a fresh fetch gives, whoever is to be
// told is told once, and nobody sees what is not theirs. A failure ends with what differs, and its seed.
//
//	go test ./test/property -rapid.checks=500 -steps 100 -timeout 1h   # longer
//	go test ./test/property -rapid.seed=N                        # again, as a failure has printed it
package property
