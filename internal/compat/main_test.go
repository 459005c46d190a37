package compat

import (
	"errors"
	"flag"
	"testing"

	"pgsluice/internal/pgtest"

	"go.uber.org/goleak"
)

// What `make compat` sets.
var (
	full    = flag.Bool("full", false, "all versions and both databases, instead of the part that make test runs")
	program = flag.String("program", "", "the program under test; without it, it is built")
	results = flag.String("results", "", "write the tables of results to this file")
)

func TestMain(m *testing.M) {
	flag.Parse()
	pgtest.Main(m, func() error { return errors.Join(built.Remove(), goleak.Find()) })
}
