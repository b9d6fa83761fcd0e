package config

import (
	"strings"
	"testing"
)

func TestNATSAddresses(t *testing.T) {
	for _, good := range []string{"", "nats://localhost:4222", "localhost", "localhost:4222", "tls://notewire:secret@nats.example.com", "ws://localhost:80", "wss://localhost",
		"nats://token@one:4222,nats://token@two:4222", "one, two:4222", "nats://[::1]:4222"} {
		if err := checkNATS(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"http://localhost:4222", "nats://", "nats://localhost:port", "nats://notewire:secret@localhost:x", "one,,two", ",", "nats://%zz:secret@localhost", "nats://:secret@"} {
		err := checkNATS(bad)
		if err == nil {
			t.Errorf("%q is accepted", bad)
			continue
		}
		if said := err.Error(); !strings.Contains(said, "nats://host:4222") || strings.Contains(said, "secret") {
			t.Errorf("%q: %s", bad, said)
		}
	}
}
