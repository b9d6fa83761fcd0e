package search

// Newest is how many of the newest texts a search looks through before it asks the index: that finds what is
// frequent and what is new.
const Newest = 200

// What is older is asked of the index, foundAtOnce of the newest at first and then more each time. Neither reads
// more than bytesAtOnce of texts at first.
const (
	foundAtOnce = 100
	bytesAtOnce = 1 << 20
	moreEach    = 4 // times as much, each time
)

// Look reads on until there is enough or no more: at first the newest texts, no more than newest of them, then
// what the index has. read reads the next ones, at most limit of them and not beyond so many bytes but for one,
// and says whether they were the last.
func Look(newest int, enough func() bool, read func(indexed bool, limit, bytes int) (ended bool, err error)) error {
	ended, err := false, error(nil)
	if newest > 0 {
		ended, err = read(false, newest, bytesAtOnce)
	}
	for limit, bytes := foundAtOnce, bytesAtOnce; err == nil && !ended && !enough(); limit, bytes = limit*moreEach, bytes*moreEach {
		ended, err = read(true, limit, bytes)
	}
	return err
}
