package docs

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryTopicCanBeRead(t *testing.T) {
	topics := Topics()
	if !slices.Contains(topics, "report") || !slices.IsSorted(topics) {
		t.Fatalf("Topics() = %q", topics)
	}
	for _, name := range topics {
		text, err := Topic(name)
		if err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(text, "# ") {
			t.Errorf("topic %s does not begin with a title", name)
		}
	}
}

func TestEveryFileIsMentionedByATopic(t *testing.T) {
	var all strings.Builder
	for _, name := range Topics() {
		text, err := Topic(name)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(text)
	}
	names := Files()
	if !slices.Contains(names, "pgsluice.service") || !slices.IsSorted(names) {
		t.Fatalf("Files() = %q", names)
	}
	for _, name := range names {
		if text, err := Topic(name); err != nil || text == "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if !strings.Contains(all.String(), "`pgsluice help "+name+"`") {
			t.Errorf("no topic says how to get %s", name)
		}
	}
}

func TestUnknownTopicNamesTheKnownOnes(t *testing.T) {
	for _, name := range []string{"no-such", "", "../docs/report", "files/grafana.json", "files"} {
		_, err := Topic(name)
		if err == nil || !strings.Contains(err.Error(), "report") {
			t.Errorf("Topic(%q): error %v", name, err)
		}
	}
}
