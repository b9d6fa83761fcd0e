// Package faults breaks what a site stands on while people use it, and keeps a ledger of what they were
// told: real servers, a real Postgres, a real NATS, and clients that know them only by the API. What must
// hold, I1 to I11, and the faults, F1 to F21, are in docs/faults.md.
//
//	go test ./test/faults                      # the short set
//	go test ./test/faults -long -timeout 2h    # the long set
//	go test ./test/faults -run F1 -seed 42 -v  # the choices of an earlier run
package faults
