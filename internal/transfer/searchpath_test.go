package transfer

import (
	"fmt"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// A materialized view or an index whose function relies on the database's own search_path is made with it, which is
// said (pg_restore fails here). From version 17 on the server itself runs both with a search_path of its own:
// there the view stays unpopulated, is listed, and does not stop the transfer.
func TestOwnSearchPath(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	restricted := pgtest.Programs(t).Version >= 17
	name := pgtest.Scalar[string](t, src, "SELECT quote_ident(current_database())")
	sql := `
CREATE SCHEMA app;
SET search_path = app, public;
CREATE TABLE app.names (id int, name text);
INSERT INTO app.names VALUES (1, 'one');
CREATE FUNCTION app.name_of(i int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT name FROM names WHERE id = i';
CREATE TABLE app.things (id int);
INSERT INTO app.things VALUES (1), (2);
ALTER DATABASE ` + name + ` SET search_path = app, public;
CREATE MATERIALIZED VIEW app.named AS SELECT id, name_of(id) FROM things;`
	if !restricted {
		sql += "CREATE INDEX things_name ON app.things (name_of(id));"
	}
	pgtest.Exec(t, src, sql)
	tracker := progress.New()
	result, err := Copy(t.Context(), Options{Source: src, Target: dst, Progress: tracker})
	if err != nil {
		t.Fatal(err)
	}
	if restricted {
		if result.Failed != 1 {
			t.Errorf("%d objects failed", result.Failed)
		}
		return
	}
	if result.Failed != 0 {
		t.Errorf("%d objects failed: %v", result.Failed, tracker.Snapshot().Failures)
	}
	warnings := fmt.Sprint(tracker.Snapshot().Warnings)
	for _, object := range []string{"app.named", "app.things_name"} {
		if !strings.Contains(warnings, object) {
			t.Errorf("nothing is said of %s: %s", object, warnings)
		}
	}
	// the judge can't plan a query on things without the search_path
	const rows = "SELECT string_agg(named::text, ' ' ORDER BY named) FROM app.named"
	if got, want := pgtest.Scalar[string](t, dst, rows), pgtest.Scalar[string](t, src, rows); got != want {
		t.Errorf("the view holds %s, at the source %s", got, want)
	}
	if !pgtest.Scalar[bool](t, dst, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'app.things_name'::regclass") {
		t.Error("the index is not valid")
	}
}
