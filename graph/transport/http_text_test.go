package transport

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckTextNamesThePlace(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{`{"variables":{"input":{"body":"\ud800"}}}`, "variables.input.body holds a lone surrogate"},
		{`{"variables":{"input":{"body":"a\uDC00b"}}}`, "variables.input.body holds a lone surrogate"},
		{`{"variables":{"input":{"body":"\ud83d\ud83d\ude00"}}}`, "variables.input.body holds a lone surrogate"},
		{`{"variables":{"input":{"body":"\ud83dx"}}}`, "variables.input.body holds a lone surrogate"},
		{`{"variables":{"input":{"body":"\ud83d\n"}}}`, "variables.input.body holds a lone surrogate"},
		{`{"variables":{"ids":["a",{"x":["ok","\u0000"]}]}}`, "variables.ids[1].x[1] holds NUL"},
		{`{"a":{"b":1},"c":"` + "\xff" + `"}`, "c holds bytes that are not UTF-8"},
		{`{"a":[[],{}],"c":["` + "\xed\xa0\x80" + `"]}`, "c[0] holds bytes that are not UTF-8"},
		{`{"variables":{"\ud800":1}}`, "a name in variables holds a lone surrogate"},
		{`{"\u0000":1}`, "a name in the request holds NUL"},
		{`{"variables":{"not a name":"\u0000"}}`, "variables.? holds NUL"},
		{`"\u0000"`, "the request holds NUL"},
		{`{"a":"😀 \ud83d\ude00 \\ud800 \\\\ \" \u0001 é","b":-1.5e3,"c":[true,null]}`, ""},
		{`{"a":"\\"}`, ""},
		{strings.Repeat("[", 64) + strings.Repeat("]", 64), ""},
		{strings.Repeat("[", 65) + strings.Repeat("]", 65), "deeper than 64 levels"},
	} {
		if !json.Valid([]byte(c.raw)) {
			t.Fatalf("%s is not JSON", c.raw)
		}
		err := CheckText([]byte(c.raw))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Message, c.want)) {
			t.Errorf("%.60s: %v, want %q", c.raw, err, c.want)
		}
	}
}

// Whatever passes is decoded by Go to what was sent: encoding it again gives no replacement character
// that was not there before.
func FuzzCheckText(f *testing.F) {
	for _, s := range []string{`{"a":["\ud800",{"b":"x"}]}`, `"😀\u0000"`, "\"\xff\"", `{"a":{"a":{}},"b":[[]]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) || CheckText(raw) != nil {
			return
		}
		if !utf8.Valid(raw) {
			t.Fatalf("%q passed and is not UTF-8", raw)
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return // a number out of range
		}
		sent := strings.Contains(string(raw), "\uFFFD") || strings.Contains(strings.ToLower(string(raw)), `\ufffd`)
		out, _ := json.Marshal(v)
		if !sent && strings.Contains(string(out), "\uFFFD") {
			t.Fatalf("%q was decoded with loss", raw)
		}
		if strings.Contains(string(out), `\u0000`) && !strings.Contains(string(out), `\\u0000`) {
			t.Fatalf("%q holds NUL", raw)
		}
	})
}

func TestCheckLiterals(t *testing.T) {
	for _, c := range []struct{ document, want string }{
		{`{ a(x: "\uD800") }`, "line 1, column 8"},
		{"{\n  a(x: \"\\uD83D\\uDE00\", y: \"ok \\uDE00\") }", "line 2, column 27"},
		{`{ a(x: "\u0000") }`, "holds NUL"},
		{`{ a(x: "\u{0}") }`, "holds NUL"},
		{`{ a(x: "\uD83D\uDE00 \u{1F600} \\uD800 \"\\") }`, ""},
		{`{ a(x: """\uD800 \""" \uD800""", y: 1) } # "\uD800"`, ""},
		{`{ a(x: """\u0000""", y: "\uD800") }`, "lone surrogate"},
		{`# "` + "\n" + `{ a(x: "\uD800") }`, "line 2, column 8"},
		{`{ a(x: "\u12`, ""},
		{`{ a(x: "\u`, ""},
		{`{ a(x: "\`, ""},
		{`{ a(x: "\u{`, ""},
	} {
		err := checkLiterals(c.document)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Message, c.want)) {
			t.Errorf("%s: %v, want %q", c.document, err, c.want)
		}
	}
}

func FuzzCheckLiterals(f *testing.F) {
	f.Add(`{ a(x: """\u0000""", y: "\uD800\u{1}") } # "`)
	f.Fuzz(func(_ *testing.T, document string) { _ = checkLiterals(document) })
}

func TestParseRequestTakesNamesExactly(t *testing.T) {
	params, err := ParseRequest([]byte(` {"Query":"{ b }","query":"{ a }","VARIABLES":{"x":1},"variables":{"n":12345678901234567890},"other":[]}`))
	if err != nil || params.Query != "{ a }" || params.Variables["x"] != nil || params.Variables["n"] != json.Number("12345678901234567890") {
		t.Errorf("%+v, %v", params, err)
	}
}

func BenchmarkCheckText(b *testing.B) {
	raw := []byte(`{"query":"mutation($i:SendNoteInput!){sendNote(input:$i){note{id}}}","variables":{"i":{"body":"` + strings.Repeat("안녕 hello ", 60) + `"}}}`)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if err := CheckText(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"query":"{ a(x: \"\\u0000\") }","variables":{"n":[1,{}]},"extensions":null,"documentId":""}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		params, err := ParseRequest(raw)
		if err == nil && !utf8.ValidString(params.Query) {
			t.Errorf("%q gave the query %q", raw, params.Query)
		}
		if err != nil && len(err.Message) > 1000 {
			t.Errorf("%q is repeated in %q", raw, err.Message)
		}
	})
}
