package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// What --verify has found stands in the text, the JSON and the page.
func TestVerified(t *testing.T) {
	t.Parallel()
	r := Report{Command: "copy", Outcome: Different, ExitCode: 3, Verified: &Verified{
		Compared:    "12 objects, 100 rows of 2 tables",
		Differences: []Remark{{Object: "table public.a", Text: "1 changed", Rows: []string{"row with id = 3: differs in column euro"}}},
		Notes:       []Remark{{Object: "collation", Text: "of another version"}},
	}}
	var text, page bytes.Buffer
	if err := WriteText(&text, r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := WriteHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"Verified: 1 difference", "12 objects, 100 rows of 2 tables.", "table public.a: 1 changed", "row with id = 3", "of another version", "different from the source"} {
		if !strings.Contains(text.String(), words) {
			t.Errorf("the text does not say %q:\n%s", words, text.String())
		}
	}
	for _, words := range []string{"different from the source", "public.a", "row with id = 3", "of another version"} {
		if !strings.Contains(page.String(), words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	encoded, err := encode(r)
	if err != nil {
		t.Fatal(err)
	}
	var j struct {
		Outcome  string
		Verified *struct {
			Equal       bool
			Differences []struct{ Rows []string }
		}
	}
	if err := json.Unmarshal(encoded, &j); err != nil {
		t.Fatal(err)
	}
	if j.Outcome != "different" || j.Verified == nil || j.Verified.Equal || len(j.Verified.Differences) != 1 || len(j.Verified.Differences[0].Rows) != 1 {
		t.Errorf("JSON: %s", encoded)
	}
	r.Verified.Differences = nil
	text.Reset()
	_ = WriteText(&text, r, TextOptions{})
	if !strings.Contains(text.String(), "Verified: both sides are equal") {
		t.Errorf("equal: %s", text.String())
	}
}
