package report

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/docs"
)

// eventTypes are all events and what they are made of.
var eventTypes = map[string]reflect.Type{
	"start": reflect.TypeFor[eventStart](), "plan": reflect.TypeFor[eventPlan](), "step": reflect.TypeFor[eventStep](),
	"task_started": reflect.TypeFor[eventTaskStarted](), "task_ended": reflect.TypeFor[eventTaskEnded](),
	"progress": reflect.TypeFor[eventProgress](), "warning": reflect.TypeFor[eventWarning](),
	"left_out": reflect.TypeFor[eventLeftOut](), "failure": reflect.TypeFor[eventFailure](),
	"task_earlier": reflect.TypeFor[eventTaskEarlier](), "task_undone": reflect.TypeFor[eventTaskUndone](), "retry": reflect.TypeFor[eventRetry](),
	"holds_up": reflect.TypeFor[eventHoldsUp](), "freed": reflect.TypeFor[eventHoldsUp](),
	"blocked": reflect.TypeFor[eventBlocked](), "stalled": reflect.TypeFor[eventStalled](), "end": reflect.TypeFor[eventEnd](),
}

// eventDocs returns the part of the help on each event, and under "every event" the one on their common fields.
func eventDocs(t *testing.T) map[string]string {
	t.Helper()
	help, err := docs.Topic("progress")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, part := range strings.Split(help, "\n### ")[1:] {
		title, text, _ := strings.Cut(part, "\n")
		parts[title] = text
	}
	return parts
}

// TestEveryEventIsDocumented compares events and their fields with the tables in the help, both ways and in order.
func TestEveryEventIsDocumented(t *testing.T) {
	parts := eventDocs(t)
	var common []string
	for _, m := range documentedRow.FindAllStringSubmatch(parts["every event"], -1) {
		common = append(common, m[1])
	}
	if head := fields(reflect.TypeFor[eventHead](), ""); !reflect.DeepEqual(common, head) {
		t.Errorf("of every event %q is documented, and written %q", common, head)
	}
	delete(parts, "every event")
	if a, b := slices.Sorted(maps.Keys(parts)), slices.Sorted(maps.Keys(eventTypes)); !slices.Equal(a, b) {
		t.Errorf("documented: %q, written: %q", a, b)
	}
	for name, typ := range eventTypes {
		documented := slices.Clone(common)
		for _, m := range documentedRow.FindAllStringSubmatch(parts[name], -1) {
			documented = append(documented, m[1])
		}
		if written := fields(typ, ""); !reflect.DeepEqual(documented, written) {
			t.Errorf("%s: documented:\n%s\n\nwritten:\n%s", name, strings.Join(documented, "\n"), strings.Join(written, "\n"))
		}
	}
}

// TestTheDocumentedTypesOfEventsAreTrue: each event that is written has exactly the documented fields, of the
// documented types. Between them the four transfers have all events.
func TestTheDocumentedTypesOfEventsAreTrue(t *testing.T) {
	parts := eventDocs(t)
	seen := map[string]bool{}
	for _, e := range append(decode(t, shopEvents(t)), decode(t, stuckEvents(t)+heldUpEvents(t)+resumedEvents(t))...) {
		name, _ := e["event"].(string)
		seen[name] = true
		types := documentedTypes(parts[name])
		maps.Copy(types, documentedTypes(parts["every event"]))
		checkTypes(t, types, name, "", e)
		for path := range types {
			if _, ok := e[path]; !ok && !strings.ContainsAny(path, ".[") {
				t.Errorf("%s has no %s: %v", name, path, e)
			}
		}
	}
	for name := range eventTypes {
		if !seen[name] {
			t.Errorf("no %s event", name)
		}
	}
}

// TestTheExamplesNameFieldsThatAre keeps the jq examples of the help true.
func TestTheExamplesNameFieldsThatAre(t *testing.T) {
	help, err := docs.Topic("progress")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for path := range documentedTypes(help) {
		for _, name := range strings.Split(strings.ReplaceAll(path, "[]", ""), ".") {
			known[name] = true
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^    jq .*$`).FindAllString(help, -1) {
		for _, m := range regexp.MustCompile(`\.([a-z_]+)`).FindAllStringSubmatch(line, -1) {
			if !known[m[1]] && m[1] != "ndjson" {
				t.Errorf("no field %s: %s", m[1], line)
			}
		}
	}
}
