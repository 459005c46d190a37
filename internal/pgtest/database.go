package pgtest

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"pgsluice/internal/cluster"

	"github.com/jackc/pgx/v5"
)

// names makes the names of databases and roles unique within this binary.
var names atomic.Int64

// Database makes a database on Server and returns its URL. It is dropped, with
// all sessions on it, when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	return DatabaseOn(t, Server(t))
}

// DatabaseOn makes a database on c, as Database does. opts are more words of
// CREATE DATABASE, such as "LC_COLLATE 'C.UTF-8' TEMPLATE template0".
func DatabaseOn(t testing.TB, c *cluster.Cluster, opts ...string) string {
	t.Helper()
	name := unique(t.Name())
	quoted := pgx.Identifier{name}.Sanitize()
	Exec(t, c.URL("postgres"), "CREATE DATABASE "+quoted+" "+strings.Join(opts, " "))
	t.Cleanup(func() {
		// the test's context has ended by now
		if err := dropDatabase(context.Background(), c, name); err != nil {
			t.Error(err)
		}
	})
	return c.URL(name)
}

func dropDatabase(ctx context.Context, c *cluster.Cluster, name string) error {
	quoted := pgx.Identifier{name}.Sanitize()
	if c.Programs().Version >= 13 {
		return Run(ctx, c.URL("postgres"), "DROP DATABASE IF EXISTS "+quoted+" WITH (FORCE)")
	}
	sessions := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + strings.ReplaceAll(name, "'", "''") + "'"
	if err := Run(ctx, c.URL("postgres"), sessions); err != nil {
		return err
	}
	return Run(ctx, c.URL("postgres"), "DROP DATABASE IF EXISTS "+quoted)
}

// Role makes a role on c that may log in, without a password, and returns its
// name, which begins with prefix. It goes when its cluster goes.
func Role(t testing.TB, c *cluster.Cluster, prefix string) string {
	t.Helper()
	name := unique(prefix)
	Exec(t, c.URL("postgres"), "CREATE ROLE "+pgx.Identifier{name}.Sanitize()+" LOGIN")
	return name
}

// unique makes a name of at most 63 bytes, PostgreSQL's limit, that needs no quotes.
func unique(prefix string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '_'
	}, prefix)
	return fmt.Sprintf("%.50s_%d", clean, names.Add(1))
}
