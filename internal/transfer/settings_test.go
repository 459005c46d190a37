package transfer

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/docs"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// The document on settings names what is set in sessions, and nothing else.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a"))
	set := map[string]bool{"session_replication_role": true, "transaction_timeout": true} // not in this version, or not now
	r := &run{Options: Options{Source: src, Target: dst}.withDefaults(), result: &Result{}}
	if err := r.preflight(t.Context()); err != nil {
		t.Fatal(err)
	}
	reader, err := catalog.OpenSession(t.Context(), r.src, r.readerOptions("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer catalog.Close(t.Context(), reader)
	w, err := r.openWriter(t.Context(), "test", "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer catalog.Close(t.Context(), w.conn)
	for _, conn := range []*pgconn.PgConn{reader, w.conn} {
		names, err := catalog.Rows(t.Context(), conn, "SELECT name FROM pg_catalog.pg_settings WHERE source = 'session'")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			set[strings.ToLower(name[0])] = true
		}
	}
	text, err := docs.Topic("settings")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for line := range strings.Lines(text) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if strings.HasPrefix(line, "| `") {
			for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(first, -1) {
				documented[m[1]] = true
			}
		}
	}
	for name := range set {
		if !documented[name] {
			t.Errorf("%s is set, but not documented", name)
		}
	}
	for name := range documented {
		if !set[name] {
			t.Errorf("%s is documented, but not set", name)
		}
	}
}

// The user's settings go before ours; those that change what arrives are refused, and so is what the server does not know.
func TestSetting(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, `CREATE TABLE s (n int); CREATE FUNCTION seen() RETURNS text LANGUAGE sql AS
		$$SELECT current_setting('maintenance_work_mem') || ', ' || current_setting('max_parallel_maintenance_workers') || ', ' || current_setting('my.own', true)$$;
		CREATE MATERIALIZED VIEW seen_by_refresh AS SELECT public.seen()`)
	for says, set := range map[string]map[string]string{
		"Search_Path can't be changed": {"Search_Path": "public"}, `"a b" is not the name`: {"a b": "1"}, "no_such_setting": {"no_such_setting": "1"},
		"invalid value": {"maintenance_work_mem": "much"},
	} {
		_, err := Copy(t.Context(), Options{Source: src, Target: dst, Set: set})
		refused(t, err, says)
	}
	untouched(t, dst)
	result := copyOK(t, Options{Source: src, Target: dst, IndexJobs: 2, IndexMemory: 64 << 20, Set: map[string]string{"MAX_parallel_maintenance_workers": "1", "my.own": "it's"}})
	if want := "maintenance_work_mem 32768kB, 1 parallel workers"; result.Builders != want {
		t.Errorf("the report says %q, not %q", result.Builders, want)
	}
	if got := pgtest.Scalar[string](t, dst, "SELECT seen FROM seen_by_refresh"); got != "32MB, 1, it's" {
		t.Errorf("the target's sessions had %s", got)
	}
}

// Builders share what the target has, and jobs the connections that are free.
func TestFitJobs(t *testing.T) {
	t.Parallel()
	type facts struct {
		src, dst, jobs, indexJobs int
		one                       bool // server
	}
	for in, want := range map[facts][2]int{
		{18, 18, 4, 4, true}: {4, 3}, {12, 100, 4, 4, true}: {2, 1}, {10, 10, 4, 4, true}: {1, 1}, {19, 19, 4, 4, true}: {4, 4},
		{30, 30, 2, 8, true}:    {2, 8},
		{100, 100, 4, 4, false}: {4, 4}, {9, 10, 4, 4, false}: {4, 4}, {8, 100, 4, 4, false}: {3, 4}, {6, 4, 8, 8, false}: {1, 1}, {100, 9, 4, 4, false}: {4, 3},
		{100, 8, 4, 4, false}: {3, 3}, {100, 8, 8, 1, false}: {5, 1}, {100, 8, 1, 8, false}: {1, 5}, {6, 8, 4, 4, false}: {1, 4},
	} {
		r := &run{
			Options:  Options{Jobs: in.jobs, IndexJobs: in.indexJobs}.withDefaults(),
			srcFacts: &catalog.Facts{FreeConnections: in.src, SystemIdentifier: "1"}, dstFacts: &catalog.Facts{FreeConnections: in.dst, SystemIdentifier: "2"},
			result: &Result{},
		}
		if in.one {
			r.dstFacts.SystemIdentifier = "1"
		}
		r.Progress = progress.New()
		r.fitJobs()
		if got := [2]int{r.result.Jobs, r.result.IndexJobs}; got != want {
			t.Errorf("%+v: %v, not %v", in, got, want)
		}
		if warned := len(r.Progress.Snapshot().Warnings) > 0; warned != (want != [2]int{in.jobs, in.indexJobs}) {
			t.Errorf("%+v: warned %v", in, warned)
		}
	}
	for _, c := range []struct {
		shared, own, memory int64
		indexJobs           int
		want                int64
	}{
		{128 << 20, 64 << 20, 0, 4, 64 << 20},
		{8 << 30, 64 << 20, 0, 8, 1 << 30},
		{64 << 30, 64 << 20, 0, 4, 2 << 30},
		{8 << 30, 64 << 20, 1 << 30, 4, 256 << 20},
		{8 << 30, 64 << 20, 1 << 20, 4, 1 << 20},
		{64 << 30, 4 << 30, 0, 4, 4 << 30},
	} {
		r := &run{
			Options:  Options{IndexJobs: c.indexJobs, IndexMemory: c.memory},
			dstFacts: &catalog.Facts{SharedBuffers: c.shared, MaintenanceWorkMem: c.own},
		}
		if got := r.builderMemory(); got != c.want {
			t.Errorf("%+v: %d MiB", c, got>>20)
		}
	}
	workers := func(jobs int) int {
		r := &run{Options: Options{IndexJobs: jobs}, dstFacts: &catalog.Facts{MaxParallelWorkers: 16}}
		return r.builderWorkers()
	}
	if got := []int{workers(1), workers(4), workers(32)}; !slices.Equal(got, []int{8, 4, 0}) {
		t.Errorf("parallel workers: %v", got)
	}
	onCores := func(cores, jobs int) int {
		r := &run{Options: Options{IndexJobs: jobs}, dstFacts: &catalog.Facts{MaxParallelWorkers: 8, Cores: cores}}
		return r.builderWorkers()
	}
	if got := []int{onCores(2, 2), onCores(2, 1), onCores(8, 2), onCores(8, 4), onCores(64, 2), onCores(1, 4)}; !slices.Equal(got, []int{0, 1, 3, 1, 4, 0}) {
		t.Errorf("parallel workers on cores that are known: %v", got)
	}
}
