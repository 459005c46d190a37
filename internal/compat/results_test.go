package compat

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// page is one table of the results: rows of cases that share all but what the columns say. Columns that nobody needs are
// left out, others come in the order in which they were given.
type page struct {
	title, rowTitle string

	mu      sync.Mutex
	rows    []string // in the order in which they came
	columns []string
	cells   map[[2]string]string
}

func newPage(title, rowTitle string, columns ...string) *page {
	return &page{title: title, rowTitle: rowTitle, columns: columns, cells: map[[2]string]string{}}
}

// note is deferred by a case: it says what the case came to when all went well.
func (p *page) note(t testing.TB, row, column, good string) {
	t.Helper()
	switch {
	case t.Failed():
		good = "**red**"
	case t.Skipped():
		good = "skipped"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.rows, row) {
		p.rows = append(p.rows, row)
	}
	if !slices.Contains(p.columns, column) {
		p.columns = append(p.columns, column)
	}
	p.cells[[2]string{row, column}] = good
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.rows)
	var b strings.Builder
	columns := slices.DeleteFunc(slices.Clone(p.columns), func(column string) bool {
		return !slices.ContainsFunc(p.rows, func(row string) bool { return p.cells[[2]string{row, column}] != "" })
	})
	red := 0
	for _, cell := range p.cells {
		if cell == "**red**" {
			red++
		}
	}
	fmt.Fprintf(&b, "## %s\n\n%d cases, %d of them red.\n\n| %s | %s |\n|---%s|\n", p.title, len(p.cells), red,
		p.rowTitle, strings.Join(columns, " | "), strings.Repeat("|---", len(columns)))
	for _, row := range p.rows {
		fmt.Fprintf(&b, "| %s ", row)
		for _, column := range columns {
			fmt.Fprintf(&b, "| %s ", p.cells[[2]string{row, column}])
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// written are the pages so far, in the order in which the tests ran.
var written struct {
	mu   sync.Mutex
	text []string
}

// write puts the page into the file of results, behind those of the tests before.
func (p *page) write(t testing.TB) {
	t.Helper()
	if *results == "" {
		t.Log("\n" + p.String())
		return
	}
	written.mu.Lock()
	defer written.mu.Unlock()
	written.text = append(written.text, p.String())
	const head = "# What the compatibility matrix has shown\n\n" +
		"Written by `make compat`. An empty cell is a combination that does not exist: pg_dump 15 knows no lz4, and no pg_dump reads a newer server. " +
		"\"Neither\" is an archive that pg_restore and psql of its pg_dump's version can't restore either.\n\n"
	if err := os.WriteFile(*results, []byte(head+strings.Join(written.text, "\n")), 0o644); err != nil {
		t.Error(err)
	}
}
