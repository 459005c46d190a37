package durable

import (
	"errors"
	"flag"
	"testing"

	"go.uber.org/goleak"

	"pgsluice/internal/pgtest"
)

// What `make durable` sets.
var (
	transfers = flag.Int("transfers", 6, "how many transfers there are")
	kills     = flag.Int("kills", 4, "how often the daemon is killed")
	seed      = flag.Uint64("seed", 1, "of the generator that draws the moments")
	program   = flag.String("program", "", "the program under test; without it, it is built")
)

// built is the program under test, compiled once.
var built pgtest.Binary

func TestMain(m *testing.M) {
	flag.Parse()
	pgtest.Main(m, func() error {
		return errors.Join(built.Remove(), goleak.Find(
			goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1")))
	})
}
