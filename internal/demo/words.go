package demo

import (
	"math/rand/v2"
	"strings"
	"unicode"
)

// thread is what slots stand for in one thread of a topic, so that answers speak of what was asked.
type thread struct {
	random *rand.Rand
	words  *strings.Replacer
}

func (t *topic) thread(random *rand.Rand) *thread {
	var pairs []string
	for _, s := range t.slots {
		pairs = append(pairs, "{"+s.name+"}", pick(random, s.values))
	}
	return &thread{random, strings.NewReplacer(pairs...)}
}

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }

// say is a text as somebody writes it.
func (t *thread) say(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "[")
		b.WriteString(before)
		if !found {
			break
		}
		choices, after, _ := strings.Cut(rest, "]")
		b.WriteString(pick(t.random, strings.Split(choices, "|")))
		text = after
	}
	return capital(particles(strings.TrimSpace(t.words.Replace(b.String()))))
}

// capital has a text that begins with a slot begin as a sentence does.
func capital(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}

// particleForms are the forms of Korean particles after a consonant and after a vowel.
var particleForms = [][2]string{{"을", "를"}, {"이", "가"}, {"은", "는"}, {"와", "과"}, {"예", "이에"}}

// particles puts the form behind a word that its last syllable asks for.
func particles(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "~")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		s = rest
		for _, forms := range particleForms {
			after, ok := strings.CutPrefix(s, forms[0])
			if !ok {
				continue
			}
			closed := endsInConsonant(before)
			if forms[0] == "와" || forms[0] == "예" { // written in the form after a vowel
				closed = !closed
			}
			if s = after; closed {
				b.WriteString(forms[0])
			} else {
				b.WriteString(forms[1])
			}
			break
		}
	}
}

// endsInConsonant says so of a word that ends in Hangul, whose syllables stand in the order of their last
// sounds, 28 of them with none as the first; of any other word it is a guess.
func endsInConsonant(word string) bool {
	runes := []rune(strings.TrimRight(word, `'")`))
	if len(runes) == 0 {
		return false
	}
	last := runes[len(runes)-1]
	return last >= '가' && last <= '힣' && (last-'가')%28 != 0
}
