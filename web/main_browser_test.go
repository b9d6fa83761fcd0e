//go:build browser

package web_test

import (
	"os"
	"testing"

	"github.com/notewire/notewire/test/binary"
)

func TestMain(m *testing.M) { os.Exit(binary.Main(m)) }
