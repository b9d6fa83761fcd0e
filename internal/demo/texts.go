package demo

import (
	"embed"
	"fmt"
	"strings"
)

// The texts are written by hand, so that questions get answers. A line's first sign says what it is:
//
//	# topic             $slot: one | another       what {slot} stands for, chosen once for a thread
//	! title of a post, then the lines of its text
//	- comment           -- reply by the author of the post        --- reply to that by who commented
//	> line of a chat by who begins it, < by the other             an empty line ends the chat
//	: line of a group, each by another member than the last       ~ first note of a stranger
//	@ name of a room | its title | its topic
//	* remark on any post                           + last line of any chat
//
// [one|another] is one of them, and ~을 behind a word the form of that particle which the word asks for.
//
//go:embed texts
var files embed.FS

// language is all that is written in one language.
type language struct {
	code             string
	topics           []*topic
	rooms            []roomText
	remarks, closers []string
}

type topic struct {
	name     string
	slots    []slot
	posts    []*postText
	chats    [][]chatLine
	groups   [][]string
	requests []string
}

type slot struct {
	name   string
	values []string
}

type postText struct {
	title    string
	body     []string
	comments []*commentText
}

type commentText struct {
	text    string
	replies []string // the first by the author of the post, the second by who commented, and so on
}

type chatLine struct {
	byOther bool // not by who began the chat
	text    string
}

type roomText struct {
	name, title string
	topic       *topic
}

// readLanguage reads the texts of a language. Whatever it does not understand is a mistake in them.
func readLanguage(code string) (*language, error) {
	raw, err := files.ReadFile("texts/" + code + ".txt")
	if err != nil {
		return nil, err
	}
	r := &reader{language: &language{code: code}}
	for i, line := range strings.Split(string(raw), "\n") {
		if err := r.line(line); err != nil {
			return nil, fmt.Errorf("texts/%s.txt:%d: %w", code, i+1, err)
		}
	}
	return r.language, nil
}

type reader struct {
	*language
	*topic
	post *postText
	last string // the sign of the line before
}

var signs = []string{"---", "--", "-", "#", "$", "!", ">", "<", ":", "~", "@", "*", "+"}

func (r *reader) line(line string) error {
	sign, text := "", line
	for _, s := range signs {
		if rest, ok := strings.CutPrefix(line, s); ok {
			sign, text = s, strings.TrimSpace(rest)
			break
		}
	}
	if r.topic == nil && sign != "#" {
		return fmt.Errorf("there is no topic yet")
	}
	defer func() { r.last = sign }()
	switch sign {
	case "#":
		r.topic, r.post = &topic{name: text}, nil
		r.topics = append(r.topics, r.topic)
	case "$":
		name, values, ok := strings.Cut(text, ": ")
		if !ok {
			return fmt.Errorf("a slot has a name and values")
		}
		r.slots = append(r.slots, slot{name, strings.Split(values, " | ")})
	case "!":
		r.post = &postText{title: text}
		r.posts = append(r.posts, r.post)
	case "":
		if text != "" {
			if r.post == nil {
				return fmt.Errorf("there is no post yet")
			}
			r.post.body = append(r.post.body, text)
		}
	case "-":
		r.post.comments = append(r.post.comments, &commentText{text: text})
	case "--", "---":
		c := r.post.comments[len(r.post.comments)-1]
		if (len(c.replies) == 0) != (sign == "--") {
			return fmt.Errorf("a reply to nothing")
		}
		c.replies = append(c.replies, text)
	case ">", "<":
		if r.last != ">" && r.last != "<" {
			r.chats = append(r.chats, nil)
		}
		last := len(r.chats) - 1
		r.chats[last] = append(r.chats[last], chatLine{sign == "<", text})
	case ":":
		if r.last != ":" {
			r.groups = append(r.groups, nil)
		}
		last := len(r.groups) - 1
		r.groups[last] = append(r.groups[last], text)
	case "~":
		r.requests = append(r.requests, text)
	case "@":
		return r.room(strings.Split(text, " | "))
	case "*":
		r.remarks = append(r.remarks, text)
	case "+":
		r.closers = append(r.closers, text)
	}
	return nil
}

func (r *reader) room(fields []string) error {
	if len(fields) == 3 {
		for _, t := range r.topics {
			if t.name == fields[2] {
				r.rooms = append(r.rooms, roomText{fields[0], fields[1], t})
				return nil
			}
		}
	}
	return fmt.Errorf("a room has a name, a title and a topic that there is")
}
