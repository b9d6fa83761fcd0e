package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/notewire/notewire/internal/config"
)

// newProgress shows how far something is that takes longer than a second: a bar on a terminal, else a line for
// each tenth, on standard error. What is over within a second shows nothing on a terminal.
func newProgress(what string) func(done, of int) {
	if !config.OnTerminal() {
		return progressLines(os.Stderr, what)
	}
	var bar *progressbar.ProgressBar
	began := time.Now()
	return func(done, of int) {
		switch {
		case bar == nil && (time.Since(began) < time.Second || done == of):
			return
		case bar == nil:
			bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
				progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionOnCompletion(func() { fmt.Fprintln(os.Stderr) }))
		}
		_ = bar.Set(done) // it only draws
	}
}

func progressLines(out io.Writer, what string) func(done, of int) {
	said := 0
	return func(done, of int) {
		if tenth := done * 10 / max(of, 1); tenth > said {
			said = tenth
			fmt.Fprintf(out, "%s: %d of %d\n", what, done, of)
		}
	}
}
