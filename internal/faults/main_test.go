package faults

import (
	"errors"
	"flag"
	"testing"

	"pgsluice/internal/pgtest"

	"go.uber.org/goleak"
)

// What `make faults` sets.
var (
	cases   = flag.Int("cases", 0, "how many cases; 0 is the few of make test")
	seed    = flag.Uint64("seed", 1, "of the generator that draws the points")
	only_   = flag.String("only", "", "run the cases whose fault, phase or side contains this alone")
	program = flag.String("program", "", "the program under test; without it, it is built")
	results = flag.String("results", "", "write the table of results to this file")
)

func TestMain(m *testing.M) {
	apart()
	flag.Parse()
	pgtest.Main(m, func() error { return errors.Join(built.Remove(), goleak.Find()) })
}
