package faults

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// book counts what the cases came to.
type book struct {
	mu    sync.Mutex
	count map[entry]int
}

type entry struct {
	fault   string
	phase   phase
	side    side
	outcome outcome
}

func newBook() *book { return &book{count: map[entry]int{}} }

func (b *book) add(c trial, o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count[entry{c.fault.name, c.phase, c.side, o}]++
}

// table is Markdown: fault × phase × side × outcome.
func (b *book) table() string {
	entries := make([]entry, 0, len(b.count))
	for e := range b.count {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return strings.Compare(fmt.Sprint(a.fault, int(a.phase), a.side, a.outcome), fmt.Sprint(b.fault, int(b.phase), b.side, b.outcome))
	})
	var t strings.Builder
	t.WriteString("| fault | phase | side | cases | outcome |\n|---|---|---|---:|---|\n")
	for _, e := range entries {
		fmt.Fprintf(&t, "| %s | %s | %s | %d | %s |\n", e.fault, e.phase, e.side, b.count[e], e.outcome)
	}
	return t.String()
}

// sums says how many cases each phase had on each side.
func (b *book) sums() string {
	count := map[string]int{}
	all, bad := 0, 0
	for e, n := range b.count {
		count[fmt.Sprint(int(e.phase), e.side)] += n
		all += n
		if e.outcome == red {
			bad += n
		}
	}
	var t strings.Builder
	fmt.Fprintf(&t, "%d cases, %d of them red.\n\n| phase | source | target |\n|---|---:|---:|\n", all, bad)
	for p := range phases {
		fmt.Fprintf(&t, "| %s | %d | %d |\n", p, count[fmt.Sprint(int(p), source)], count[fmt.Sprint(int(p), target)])
	}
	return t.String()
}

// pages are the tables so far, in the order in which the tests ran.
var pages struct {
	mu   sync.Mutex
	text []string
}

// record puts a table into the file of results, behind those of the tests before.
func record(t *testing.T, title string, b *book) {
	t.Helper()
	b.mu.Lock()
	page := fmt.Sprintf("## %s\n\n%s\n%s", title, b.sums(), b.table())
	b.mu.Unlock()
	if *results == "" {
		t.Log(page)
		return
	}
	pages.mu.Lock()
	defer pages.mu.Unlock()
	pages.text = append(pages.text, page)
	head := fmt.Sprintf("# What the fault suite has shown\n\nWritten by `make faults`, with seed %d.\n\n", *seed)
	if err := os.WriteFile(*results, []byte(head+strings.Join(pages.text, "\n")), 0o644); err != nil {
		t.Error(err)
	}
}
