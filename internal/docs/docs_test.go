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

func TestUnknownTopicNamesTheKnownOnes(t *testing.T) {
	for _, name := range []string{"no-such", "", "../docs/report"} {
		_, err := Topic(name)
		if err == nil || !strings.Contains(err.Error(), "report") {
			t.Errorf("Topic(%q): error %v", name, err)
		}
	}
}
