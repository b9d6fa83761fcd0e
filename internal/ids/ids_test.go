package ids_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/notewire/notewire/internal/ids"
)

// The vectors are those of the TypeID specification's valid.yml.
func TestSpecVectors(t *testing.T) {
	for _, v := range []struct{ id, uuid string }{
		{"prefix_00000000000000000000000000", "00000000-0000-0000-0000-000000000000"},
		{"prefix_00000000000000000000000001", "00000000-0000-0000-0000-000000000001"},
		{"prefix_0000000000000000000000000a", "00000000-0000-0000-0000-00000000000a"},
		{"prefix_0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"},
		{"prefix_00000000000000000000000010", "00000000-0000-0000-0000-000000000020"},
		{"prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
		{"prefix_0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"},
		{"prefix_01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"},
	} {
		if got := ids.Encode("prefix", uuid.MustParse(v.uuid)); got != v.id {
			t.Errorf("Encode(%s) = %s, want %s", v.uuid, got, v.id)
		}
		kind, id, ok := ids.Decode(v.id)
		if !ok || kind != "prefix" || id.String() != v.uuid {
			t.Errorf("Decode(%s) = %s, %s, %v", v.id, kind, id, ok)
		}
	}
}

func TestWhatIsNotAnIdentifier(t *testing.T) {
	for _, s := range []string{
		"", "note", "note_", "_00000000000000000000000000", "00000000000000000000000000",
		"note_8zzzzzzzzzzzzzzzzzzzzzzzzz", "note_0000000000000000000000000", "note_000000000000000000000000000",
		"note_0000000000000000000000000U", "note_0000000000000000000000000u", "note_00000000000000000000000i00",
		"note_\x00000000000000000000000000", strings.Repeat("a", 5000), "note:1", "' OR 1=1 --",
	} {
		if _, _, ok := ids.Decode(s); ok {
			t.Errorf("Decode(%q) was accepted", s)
		}
	}
	if id := ids.Of(ids.Note, ids.Encode(ids.Post, ids.New())); id != uuid.Nil {
		t.Errorf("a post's identifier was taken for a note's: %s", id)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var id uuid.UUID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		if got := ids.Of(ids.Note, ids.Encode(ids.Note, id)); got != id {
			t.Fatalf("%s came back as %s", id, got)
		}
	})
}
