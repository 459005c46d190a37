package pgtest_test

import (
	"testing"

	"pgsluice/internal/pgtest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	pgtest.Main(m, func() error { return goleak.Find() })
}
