package transfer

import (
	"bytes"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/ledger"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// plainDump is what pg_dump writes of a database by itself.
func plainDump(t *testing.T, url string, flags ...string) string {
	t.Helper()
	path, err := pgtest.Programs(t).Path("pg_dump")
	if err != nil {
		t.Skip(err)
	}
	var out, errs bytes.Buffer
	cmd := osexec.CommandContext(t.Context(), path, append(flags, url)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, &errs)
	}
	return out.String()
}

// restoreScriptOK restores, and demands that nothing failed.
func restoreScriptOK(t *testing.T, opt RestoreOptions) *Result {
	t.Helper()
	opt.Progress = progress.New()
	result, err := Restore(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range opt.Progress.Snapshot().Failures {
		t.Errorf("%s %s: %s", f.Task.Kind, f.Task.Name, f.Error)
	}
	if result.Failed > 0 || !result.Complete {
		t.Errorf("%+v", result)
	}
	return result
}

func TestRestoreScriptOfRegression(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Restore(t, src, "testdata/regression15.dump")
	text := plainDump(t, src)
	path := filepath.Join(t.TempDir(), "regression.sql")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	restoreScriptOK(t, RestoreOptions{Options: Options{Target: dst}, Path: path})
	pgtest.DBDiff(t, src, dst)
}

func TestRestoreScriptOfKitchenSink(t *testing.T) {
	t.Parallel()
	source, target := sinkServers(t)
	pgtest.Exec(t, source.URL("postgres"), "CREATE DATABASE sink")
	src := source.URL("sink")
	fillSink(t, src)
	for _, name := range []string{"restored", "inserted", "by psql"} {
		pgtest.Exec(t, target.URL("postgres"), `CREATE DATABASE "`+name+`"`)
	}
	restoreScriptOK(t, RestoreOptions{Options: Options{Target: target.URL("restored")}, Input: strings.NewReader(plainDump(t, src))})
	pgtest.DBDiff(t, src, target.URL("restored"))
	// pg_dump's INSERTs lose the sign of a float's -0: what psql makes of them is the measure
	inserts := plainDump(t, src, "--column-inserts", "--rows-per-insert=100", "--quote-all-identifiers", "--disable-dollar-quoting")
	restoreScriptOK(t, RestoreOptions{Options: Options{Target: target.URL("inserted")}, Input: strings.NewReader(inserts)})
	psql, err := pgtest.Programs(t).Path("psql")
	if err != nil {
		t.Skip(err)
	}
	cmd := osexec.CommandContext(t.Context(), psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", target.URL("by psql"))
	cmd.Stdin = strings.NewReader(inserts)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v\n%.1000s", err, out)
	}
	pgtest.DBDiff(t, target.URL("by psql"), target.URL("inserted"))
}

const scriptShop = `
	CREATE TABLE customer (id int PRIMARY KEY);
	CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customer, note text);
	INSERT INTO customer SELECT generate_series(1, 100);
	INSERT INTO orders SELECT g, g % 100 + 1, repeat('note ', 20) FROM generate_series(1, 5000) g;
	SELECT lo_from_bytea(7001, decode(repeat('00ff5c', 20000), 'hex'))`

func TestRestoreScript(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, scriptShop)
	text := plainDump(t, src)

	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		dst := pgtest.Database(t)
		opt := RestoreOptions{Options: Options{Target: dst, Progress: progress.New()}, Input: io.MultiReader(strings.NewReader("\ufeff"), strings.NewReader(text))}
		result, err := Restore(t.Context(), opt)
		if err != nil || !result.Complete {
			t.Fatal(err, result)
		}
		pgtest.DBDiff(t, src, dst)
		s := opt.Progress.Snapshot()
		for _, p := range []progress.Phase{progress.Schema, progress.Data, progress.Indexes, progress.Constraints} {
			if st := s.Phases[p]; st.Total == 0 || st.State != progress.StateDone {
				t.Errorf("%s: %+v", p, st)
			}
		}
		if d := s.Data; d.Rows != 5100 || d.TablesDone != 2 || d.Bytes < 500_000 {
			t.Errorf("%+v", d)
		}
		if n := number(t, dst, "SELECT count(*) FROM pg_namespace WHERE nspname = '"+ledger.Schema+"'"); n != 0 {
			t.Error("the ledger is still there")
		}
		if n := number(t, dst, "SELECT count(*) FROM pg_statistic WHERE starelid = 'public.orders'::regclass"); n == 0 {
			t.Error("orders is not analyzed")
		}
	})

	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		dst, name := pgtest.Database(t), ""
		at := strings.Index(text, "COPY public.orders")
		_, err := Restore(t.Context(), RestoreOptions{Options: Options{Target: dst}, Input: strings.NewReader(text[:at+100_000])})
		if err == nil || IsRefused(err) || !strings.Contains(err.Error(), "the script ends within the rows of TABLE DATA public.orders") || !strings.HasPrefix(err.Error(), "stdin: ") {
			t.Fatal(err)
		}
		if n := number(t, dst, "SELECT count(*) FROM orders"); n != 0 {
			t.Errorf("orders looks whole, with %d rows", n)
		}
		_, err = Restore(t.Context(), RestoreOptions{Options: Options{Target: dst}, Input: strings.NewReader(text)})
		if !IsRefused(err) || !strings.Contains(err.Error(), "it has the ledger of a copy from a script (stdin)") {
			t.Fatal(err)
		}
		name = pgtest.Scalar[string](t, dst, "SELECT current_database()::text")
		restoreScriptOK(t, RestoreOptions{Options: Options{Target: dst, Restart: true, Confirm: name}, Input: strings.NewReader(text)})
		pgtest.DBDiff(t, src, dst)
		_, err = Restore(t.Context(), RestoreOptions{Options: Options{Target: dst}, Input: strings.NewReader(text)})
		if !IsRefused(err) || !strings.Contains(err.Error(), "is not empty") {
			t.Fatal(err)
		}
		restoreScriptOK(t, RestoreOptions{Options: Options{Target: dst, Clean: true, Confirm: name}, Input: strings.NewReader(text)})
	})

	t.Run("failures", func(t *testing.T) {
		t.Parallel()
		bad := strings.Replace(text, "42\t43\t", "x\t43\t", 1)
		bad = strings.Replace(bad, "CREATE TABLE public.customer", "CREATE TABLE public.customer (x nowhere)", 1)
		if strings.Count(bad, "nowhere") != 1 || strings.Count(bad, "\nx\t43\t") != 1 {
			t.Fatal("the script is otherwise")
		}
		dst := pgtest.Database(t)
		before, _, _ := strings.Cut(text, "CREATE TABLE public.customer")
		line := 1 + strings.Count(before, "\n")
		_, err := Restore(t.Context(), RestoreOptions{Options: Options{Target: dst}, Input: strings.NewReader(bad)})
		if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("stdin: line %d: TABLE public.customer: ", line)) {
			t.Fatal(err)
		}
		dst = pgtest.Database(t)
		opt := RestoreOptions{Options: Options{Target: dst, OnError: Continue, Progress: progress.New()}, Input: strings.NewReader(bad)}
		result, err := Restore(t.Context(), opt)
		if err != nil || result.Complete || result.Failed < 3 {
			t.Fatal(err, result)
		}
		var failed []string
		for _, f := range opt.Progress.Snapshot().Failures {
			failed = append(failed, f.Task.Kind+" "+f.Task.Name)
		}
		want := "TABLE public.customer, TABLE DATA public.customer, TABLE DATA public.orders, CONSTRAINT public.customer customer_pkey, FK CONSTRAINT public.orders orders_customer_fkey"
		if got := strings.Join(failed, ", "); got != want {
			t.Errorf("failed: %s", got)
		}
		if n := number(t, dst, "SELECT count(*) FROM orders"); n != 0 {
			t.Errorf("%d rows of a COPY that failed", n)
		}
		if n := number(t, dst, "SELECT count(*) FROM pg_largeobject"); n == 0 {
			t.Error("no large object")
		}
	})

	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		dst := pgtest.Database(t)
		for want, opt := range map[string]RestoreOptions{
			"run as it is":    {Options: Options{NoOwner: true}},
			"--resume: this":  {Options: Options{Resume: Resume}},
			"several databas": {Input: strings.NewReader(plainDump(t, src, "--create"))},
			"psql's command":  {Input: strings.NewReader(strings.Replace(text, "SET statement_timeout", "\\i other\nSET statement_timeout", 1))},
		} {
			opt.Target = dst
			if opt.Input == nil {
				opt.Input = strings.NewReader(text)
			}
			if _, err := Restore(t.Context(), opt); !IsRefused(err) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
		}
		if n := number(t, dst, "SELECT count(*) FROM pg_namespace WHERE nspname = '"+ledger.Schema+"' OR nspname LIKE 'x%'"); n != 0 {
			t.Error("something was changed")
		}
	})
}
