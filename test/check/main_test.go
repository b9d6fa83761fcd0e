// Package check has the program look at databases and brokers that are not as they should be.
package check_test

import (
	"testing"

	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/test/binary"
)

func TestMain(m *testing.M) { postgrestest.Main(built{m}, nil) }

// built removes the program that was built.
type built struct{ m *testing.M }

func (b built) Run() int { return binary.Main(b.m) }
