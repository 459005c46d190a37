package plan_test

import (
	"strings"
	"testing"

	"pgsluice/internal/plan"
)

// keysOf are the tasks by their keys, which must be different.
func keysOf(t *testing.T, p *plan.Plan) map[string]*plan.Task {
	t.Helper()
	keys := map[string]*plan.Task{}
	for _, task := range p.Tasks {
		if other := keys[task.Key]; other != nil || task.Key == "" {
			t.Errorf("%s %s and %v have one key, %q", task.Desc, task.Name, other, task.Key)
		}
		keys[task.Key] = task
	}
	return keys
}

// The keys of a plan are those of the next plan that does the same, whatever was estimated, and wherever its sequences stand.
func TestKeysLast(t *testing.T) {
	for _, name := range append(shapes, regression) {
		toc := readTOC(t, name)
		first := build(t, toc, plan.Choices{})
		keys := keysOf(t, first)
		sequences := 0
		for i := range toc.Entries {
			if e := &toc.Entries[i]; e.Desc == "SEQUENCE SET" {
				e.Defn = strings.Replace(e.Defn, "setval(", "setval( ", 1)
				sequences++
			}
		}
		source := sourceOf(t, toc)
		for _, r := range source.Relations {
			r.Bytes, r.Rows = r.Bytes*7+1e9, 12
		}
		second, err := plan.Build(toc, source, plan.Choices{TargetDatabase: "the target"})
		if err != nil {
			t.Fatal(err)
		}
		for key, task := range keysOf(t, second) {
			if keys[key] == nil {
				t.Errorf("%s: %s %s has another key", name, task.Desc, task.Name)
			}
		}
		if sequences == 0 || first.Digest() != second.Digest() {
			t.Errorf("%s: %d sequences; the digest changes: %v", name, sequences, first.Digest() != second.Digest())
		}
	}
}

// What is defined otherwise has another key, and so has the plan.
func TestKeysTell(t *testing.T) {
	for _, desc := range []string{"TABLE", "INDEX", "FK CONSTRAINT", "TRIGGER", "FUNCTION", "TABLE DATA"} {
		toc := readTOC(t, "shapes15")
		first := build(t, toc, plan.Choices{})
		for i := range toc.Entries {
			e := &toc.Entries[i]
			if e.Desc != desc {
				continue
			}
			if e.Defn = strings.TrimSuffix(e.Defn, "\n") + " \n"; desc == "TABLE DATA" {
				e.CopyStmt = strings.Replace(e.CopyStmt, "(", "(more, ", 1)
			}
			break
		}
		if second := build(t, toc, plan.Choices{}); first.Digest() == second.Digest() {
			t.Errorf("another %s is not noticed", desc)
		}
	}
	toc := readTOC(t, "shapes15")
	if build(t, toc, plan.Choices{}).Digest() == build(t, toc, plan.Choices{NoOwner: true}).Digest() {
		t.Error("another owner is not noticed")
	}
}
