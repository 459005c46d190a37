package archive_test

import (
	"testing"

	"go.uber.org/goleak"

	"pgsluice/internal/pgtest"
)

func TestMain(m *testing.M) {
	pgtest.Main(m, func() error { return goleak.Find() })
}
