package gauge

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// short options: figures are not what these tests look at.
func short(t *testing.T, source, target string) Options {
	t.Helper()
	opt := Options{Source: source, Target: target, Jobs: 2, Duration: leastDuration}
	if target != "" {
		opt.Confirm = pgtest.Scalar[string](t, target, "SELECT current_database()")
	}
	return opt
}

const hostileTable = `"a ""b'; drop table t --` + "\n" + `é"`

const hostile = `
CREATE SCHEMA "we""ird; x";
CREATE TYPE mood AS ENUM ('fine', 'so so');
CREATE DOMAIN short AS varchar(20) CHECK (value <> '');
CREATE TABLE "we""ird; x".` + hostileTable + ` ("c""1; --" int, "select" mood, d short, r regclass, m mood[], gen int GENERATED ALWAYS AS (1) STORED, gone int, j jsonb, x bytea);
ALTER TABLE "we""ird; x".` + hostileTable + ` DROP COLUMN gone;
INSERT INTO "we""ird; x".` + hostileTable + ` ("c""1; --", "select", d, r, m, j, x)
SELECT g, 'so so', 'v' || g, 'pg_class', '{fine}', jsonb_build_object('k', g, 'v', repeat('z', 50)), decode(md5(g::text), 'hex') FROM generate_series(1, 20000) g;
ANALYZE`

func schemas(t *testing.T, url string) int64 {
	t.Helper()
	return pgtest.Scalar[int64](t, url, "SELECT count(*) FROM pg_namespace WHERE nspname = '"+Schema+"'")
}

func TestBothSidesWithHostileNames(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, src, hostile)
	opt := short(t, src, dst)
	opt.Jobs = 3
	var steps, told int
	opt.Step = func(s Step) { steps++; s.Bytes() }
	opt.Measured = func(Measurement) { told++ }
	r, err := Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if told != len(r.Measurements) || steps != told+len(r.Compressions) {
		t.Errorf("%d steps, %d told; %d measurements, %d compressions", steps, told, len(r.Measurements), len(r.Compressions))
	}
	// 2 + 2 of the links, 3 counts of streams in 2 formats on both sides, and in one through both
	if len(r.Measurements) != 2+6+2+6+3 || len(r.Compressions) != 6 {
		t.Errorf("%d measurements, %d compressions", len(r.Measurements), len(r.Compressions))
	}
	for _, m := range r.Measurements {
		if m.Err != "" || m.Bytes == 0 || m.BytesPerSecond <= 0 || m.Low > m.BytesPerSecond || m.High < m.BytesPerSecond || m.Elapsed <= 0 {
			t.Errorf("%+v", m)
		}
		if m.Kind == TargetWrite && m.Rows == 0 || m.Kind == Through && m.SourceBusy+m.TargetBusy == 0 {
			t.Errorf("%+v", m)
		}
	}
	for _, c := range r.Compressions {
		if c.Ratio < 1.2 || c.BytesPerSecond <= 0 {
			t.Errorf("%+v", c)
		}
	}
	s := r.Sample
	if s.Rows != 20000 || s.Columns != 7 || s.AsText != 3 || s.TextBytes == 0 || s.BinaryBytes == 0 || !strings.Contains(s.Table, "drop table t --\n") {
		t.Errorf("sample %+v", s)
	}
	if r.Source.RoundTrip.Median <= 0 || r.Target.RoundTrip.Median <= 0 || r.SameServer || !r.SameMachine {
		t.Errorf("source %+v, target %+v, same server %v, machine %v", r.Source, r.Target, r.SameServer, r.SameMachine)
	}
	if v := r.Verdict; v.Bound == "" || v.Jobs == 0 || v.DataPhase <= 0 || len(v.Lines) < 3 {
		t.Errorf("verdict %+v", v)
	}
	if schemas(t, dst) != 0 {
		t.Error("the scratch schema is still there")
	}
}

func TestSourceAlone(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, "CREATE TABLE t AS SELECT g, md5(g::text) FROM generate_series(1, 10000) g; ANALYZE")
	r, err := Run(t.Context(), short(t, src, ""))
	if err != nil {
		t.Fatal(err)
	}
	if r.Target != nil || len(r.Of(SourceRead, "")) != 4 || len(r.Of(TargetWrite, "")) != 0 || r.Generated {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(strings.Join(r.Notes, "\n"), "times over") {
		t.Errorf("a small table is read many times, and the notes don't say so: %q", r.Notes)
	}
}

// Where there are no rows, some are made up, and that is said; the target takes them, too.
func TestEmptySourceIntoItself(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE empty (a int); CREATE TABLE none (); CREATE VIEW v AS SELECT 1")
	r, err := Run(t.Context(), short(t, url, url))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Generated || r.Sample.Table != "" || len(r.Of(TargetWrite, "")) != 4 || len(r.Of(SourceRead, "")) != 4 || len(r.Of(Through, "")) != 2 {
		t.Errorf("%+v", r)
	}
	if !r.SameServer || !strings.Contains(strings.Join(r.Notes, "\n"), "enerated rows") {
		t.Errorf("same server %v, notes %q", r.SameServer, r.Notes)
	}
	if schemas(t, url) != 0 {
		t.Error("the scratch schema is still there")
	}
}

// What the role may not read, what row security hides, what is locked and what has no binary form is left out and said.
func TestTablesThatCanNotBeRead(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	role := pgtest.Role(t, pgtest.Server(t), "reader")
	pgtest.Exec(t, src, `
CREATE TABLE secret AS SELECT g FROM generate_series(1, 30000) g;
CREATE TABLE policed AS SELECT g FROM generate_series(1, 20000) g; ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
CREATE TABLE acl AS SELECT g, NULL::aclitem AS a FROM generate_series(1, 15000) g;
CREATE TABLE open AS SELECT g FROM generate_series(1, 10000) g;
ANALYZE; GRANT SELECT ON policed, acl, open TO `+role)
	opt := short(t, strings.Replace(src, "postgres://", "postgres://"+role+"@", 1), "")
	if strings.Contains(src, "@") {
		_, rest, _ := strings.Cut(src, "@")
		opt.Source = "postgres://" + role + "@" + rest
	}
	r, err := Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(r.Notes, "\n")
	for _, want := range []string{
		"1 of 4 tables can't be read", "Table public.policed was not read: query would be affected by row-level security",
		"Table public.acl was not read in binary: no binary output function",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in the notes:\n%s", want, notes)
		}
	}
	if r.Sample.Table != "public.acl" || r.Sample.AsText != 1 || r.Failed() != 0 {
		t.Errorf("sample %+v, %d failed", r.Sample, r.Failed())
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	name := pgtest.Scalar[string](t, dst, "SELECT current_database()")
	taken := pgtest.Database(t)
	pgtest.Exec(t, taken, "CREATE SCHEMA "+Schema)
	for want, opt := range map[string]Options{
		"no source database":      {},
		"must be between 1":       {Source: src, Jobs: 1000},
		"is too short":            {Source: src, Duration: time.Millisecond},
		"is too little":           {Source: src, Bytes: -1},
		"no target whose name":    {Source: src, Confirm: "x"},
		"Confirm it with":         {Source: src, Target: dst},
		"not the target":          {Source: src, Target: dst, Confirm: name + "x"},
		"source: connection stri": {Source: "postgres://x:y@/%zz"},
		"does not exist":          {Source: "postgres://localhost/nothing-here?sslmode=disable&port=1&host=127.0.0.1"},
		"DROP SCHEMA":             {Source: src, Target: taken, Confirm: pgtest.Scalar[string](t, taken, "SELECT current_database()")},
	} {
		r, err := Run(t.Context(), opt)
		var refused *Refused
		if r != nil || !errors.As(err, &refused) {
			t.Errorf("%s: result %v, error %v", want, r, err)
		} else if !strings.Contains(err.Error(), want) && want != "does not exist" {
			t.Errorf("%q does not hold %q", err, want)
		}
	}
	if schemas(t, dst) != 0 || schemas(t, taken) != 1 {
		t.Error("a refused run has changed something")
	}
}

// However far it has come when its context ends: the schema goes, the figures stay.
func TestCancelled(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, src, "CREATE TABLE t AS SELECT g, md5(g::text) FROM generate_series(1, 10000) g; ANALYZE")
	cause := errors.New("enough of it")
	for _, at := range []string{"link from the source, 1 stream", "compressing the sample, text, lz4", "link to the target, 2 streams", "target, writing, binary, 2 streams", "source to target"} {
		opt := short(t, src, dst)
		opt.Duration = time.Hour // it is cut off for certain
		ctx, cancel := context.WithCancelCause(t.Context())
		var there int64
		opt.Bytes = 1 << 20
		opt.Step = func(s Step) {
			if strings.HasPrefix(s.Text, at) {
				there = schemas(t, dst)
				cancel(cause)
			}
		}
		r, err := Run(ctx, opt)
		cancel(nil)
		if !errors.Is(err, cause) {
			t.Fatalf("%s: %v", at, err)
		}
		if target := strings.Contains(at, "target"); there != map[bool]int64{true: 1, false: 0}[target] {
			t.Errorf("%s: %d schemas in the midst of it", at, there)
		}
		if r == nil || len(r.Measurements) == 0 && at != "link from the source, 1 stream" {
			t.Errorf("%s: what was measured is lost", at)
		}
		if schemas(t, dst) != 0 {
			t.Errorf("%s: the scratch schema is still there", at)
		}
	}
}

// A target that has gone can't be cleaned: the error says what is left to do.
func TestTargetGone(t *testing.T) {
	t.Parallel()
	src, gone := pgtest.Database(t), pgtest.New(t, cluster.Options{})
	opt := Options{Source: src, Target: gone.URL("postgres"), Confirm: "postgres", Jobs: 2, Duration: leastDuration}
	opt.Step = func(s Step) {
		if s.Text == "target, writing, text, 2 streams" {
			if err := gone.Remove(); err != nil {
				t.Error(err)
			}
		}
	}
	opt, err := opt.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	r, err := run(t.Context(), opt, 2*time.Second)
	var left *LeftBehind
	if !errors.As(err, &left) || !strings.Contains(err.Error(), "DROP SCHEMA "+Schema+" CASCADE") || left.Database != "postgres" {
		t.Fatalf("%v", err)
	}
	if len(r.Of(SourceRead, "")) != 4 || len(r.Of(TargetWrite, "")) != 1 || r.Failed() != 1 {
		t.Errorf("%d read, %d written, %d failed", len(r.Of(SourceRead, "")), len(r.Of(TargetWrite, "")), r.Failed())
	}
}

// A schema that appears between the look and the making is another's, and stays.
func TestSchemaOfAnother(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	opt := short(t, src, dst)
	opt.Step = func(s Step) {
		if strings.HasPrefix(s.Text, "link from the source, 1") {
			pgtest.Exec(t, dst, "CREATE SCHEMA "+Schema)
		}
	}
	r, err := Run(t.Context(), opt)
	var refused *Refused
	if !errors.As(err, &refused) || len(r.Of(SourceRead, "")) != 4 {
		t.Fatalf("%v", err)
	}
	if schemas(t, dst) != 1 {
		t.Error("the schema of another was dropped")
	}
}

// One huge row must not be held: what is too large is left out.
func TestHugeRow(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, `CREATE TABLE t (id int, v text, b bytea);
ALTER TABLE t ALTER v SET STORAGE external;
INSERT INTO t SELECT g, 'x', 'y' FROM generate_series(1, 1000) g;
INSERT INTO t VALUES (0, repeat('x', 30000000), NULL);
ANALYZE`)
	r, err := Run(t.Context(), short(t, src, ""))
	if err != nil {
		t.Fatal(err)
	}
	if r.Sample.Rows == 0 || r.Sample.TextBytes > 1e6 || !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "more than 16 MiB") }) {
		t.Errorf("sample %+v, notes %q", r.Sample, r.Notes)
	}
}

// Whatever is asked of the source, its sessions can't write.
func TestReaderCanNotWrite(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	opt, err := short(t, src, "").withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	g := &gauge{Options: opt, result: &Result{}}
	if err := g.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := g.reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer catalog.Close(t.Context(), conn)
	_, err = conn.Exec(t.Context(), "CREATE TABLE t ()").ReadAll()
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "25006" {
		t.Errorf("%v", err)
	}
}

// Who ends a backend of the run ends the run: what was measured stays, and the schema goes.
func TestBackendEnded(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, src, "CREATE TABLE t AS SELECT g, md5(g::text) FROM generate_series(1, 10000) g; ANALYZE")
	opt := short(t, src, dst)
	opt.Duration, opt.Bytes = 20*time.Second, 4<<20 // all but the one that is ended move 4 MiB in a moment
	ended := make(chan error, 1)
	ctx := t.Context()
	opt.Step = func(s Step) {
		if s.Text != "target, writing, binary, 1 stream" {
			return
		}
		go func() {
			ended <- pgtest.Run(ctx, dst, "DO $$ BEGIN LOOP PERFORM pg_terminate_backend(pid) FROM pg_stat_activity"+
				" WHERE datname = current_database() AND query LIKE 'COPY "+Schema+"%' AND state = 'active'; EXIT WHEN FOUND; PERFORM pg_stat_clear_snapshot(); END LOOP; END $$")
		}()
	}
	r, err := Run(t.Context(), opt)
	if e := <-ended; e != nil {
		t.Fatal(e)
	}
	if err == nil || !strings.Contains(err.Error(), "57P01") || len(r.Of(TargetWrite, Text)) != 2 || r.Failed() != 1 {
		t.Errorf("%v; %d written, %d failed", err, len(r.Of(TargetWrite, Text)), r.Failed())
	}
	if schemas(t, dst) != 0 {
		t.Error("the scratch schema is still there")
	}
}
