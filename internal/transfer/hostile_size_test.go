package transfer

import (
	"fmt"
	"os"
	osexec "os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
)

// size is n MB where there is time for it, and a hundredth of it otherwise.
func size(megabytes int) int {
	if long() {
		return megabytes * 1_000_000
	}
	return megabytes * 10_000
}

// Large values arrive, and the copier's memory is a constant and a few times the largest row, which is, of 500 MB, 1 GB as text.
func TestHostileSizes(t *testing.T) {
	if src := os.Getenv("PGSLUICE_TEST_COPY_FROM"); src != "" { // the process that is measured
		copyOK(t, Options{Source: src, Target: os.Getenv("PGSLUICE_TEST_COPY_TO"), Jobs: 1})
		status, _ := os.ReadFile("/proc/self/status") // elsewhere than on Linux nothing is measured
		t.Logf("%s", regexp.MustCompile(`VmHWM:.*`).Find(status))
		return
	}
	t.Parallel()
	for name, test := range map[string]struct {
		sql string
		row int // bytes of the largest row as text
	}{
		"nothing":      {`CREATE TABLE t (v int); INSERT INTO t VALUES (1)`, 0},
		"bytea of 200": {`CREATE TABLE t (v bytea); INSERT INTO t SELECT convert_to(repeat('\x', SIZE / 2), 'UTF8')`, 2 * size(200)},
		"bytea of 500": {`CREATE TABLE t (id int, v bytea); INSERT INTO t SELECT i, convert_to(repeat('x', SIZE), 'UTF8') FROM generate_series(1, 3) i`, 2 * size(500)},
		"one line":     {`CREATE TABLE t (v text); INSERT INTO t SELECT repeat('x', SIZE)`, size(900)},
		"escapes":      {`CREATE TABLE t (v text); INSERT INTO t SELECT repeat(E'\\.\n', SIZE / 3)`, 2 * size(300)},
		"large object": {`CREATE TABLE t (); SELECT lo_from_bytea(1, convert_to(repeat('x', SIZE), 'UTF8'))`, size(500) / 100},
	} {
		t.Run(name, func(t *testing.T) {
			if !long() {
				t.Parallel()
			}
			src, dst := sourceAndTarget(t)
			bytes := map[string]int{"bytea of 200": size(200), "bytea of 500": size(500), "one line": size(900), "escapes": size(300), "large object": size(500)}[name]
			pgtest.Exec(t, src, strings.ReplaceAll(test.sql, "SIZE", fmt.Sprint(bytes)))
			peak := peakOfCopy(t, src, dst)
			// hashing needs the value's text as one string, so of the largest it is the value that is hashed
			const sums = `SELECT count(*) || ' ' || coalesce(sum(pg_column_size(t)), 0) || ' ' || (SELECT coalesce(sum(length(data)), 0) FROM pg_largeobject) FROM t`
			if want, got := pgtest.Scalar[string](t, src, sums), pgtest.Scalar[string](t, dst, sums); got != want {
				t.Errorf("rows, bytes and bytes of large objects are %s, want %s", got, want)
			}
			if name != "nothing" && name != "large object" {
				const content = `SELECT string_agg(md5(v), ' ') FROM t`
				if want, got := pgtest.Scalar[string](t, src, content), pgtest.Scalar[string](t, dst, content); got != want {
					t.Errorf("the values' digests are %s, want %s", got, want)
				}
			}
			most := 60_000_000 + 4*test.row
			t.Logf("row of %d MB as text: %d MB at most", test.row/1_000_000, peak/1_000_000)
			if peak == 0 && runtime.GOOS == "linux" {
				t.Error("the copier's memory is not known")
			}
			if long() && peak > most { // small rows drown in what the race detector and the garbage collector take
				t.Errorf("the copier took %d MB, more than %d MB", peak/1_000_000, most/1_000_000)
			}
		})
	}
}

// peakOfCopy copies in a process of its own and returns the most memory that it had, 0 where that is not known.
func peakOfCopy(t *testing.T, src, dst string) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.CommandContext(t.Context(), self, "-test.run=^TestHostileSizes$", "-test.v")
	cmd.Env = append(os.Environ(), "PGSLUICE_TEST_COPY_FROM="+src, "PGSLUICE_TEST_COPY_TO="+dst)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(out)
	if found == nil {
		return 0
	}
	kilobytes, _ := strconv.Atoi(string(found[1]))
	return kilobytes * 1024
}

// A row whose text passes 1 GB ends the copy of its table, with its name and what to do.
func TestRowTooLong(t *testing.T) {
	t.Parallel()
	if !long() {
		t.Skip("it takes a server some GB of memory: PGSLUICE_LONG=1")
	}
	for name, e := range map[string]struct{ sql, says string }{
		"a value": {`INSERT INTO large SELECT 1, convert_to(repeat('x', 600000000), 'UTF8')`, `invalid memory alloc request size 120000000\d \(SQLSTATE XX000\)`},
		"a row":   {`INSERT INTO large SELECT 1, convert_to(repeat('x', 300000000), 'UTF8'), convert_to(repeat('y', 300000000), 'UTF8')`, `\(SQLSTATE 54000\)`},
		"escapes": {`INSERT INTO large SELECT 1, NULL, NULL, repeat(E'\n', 600000000)`, `\(SQLSTATE 54000\)`},
	} {
		t.Run(name, func(t *testing.T) {
			src, dst := sourceAndTarget(t)
			pgtest.Exec(t, src, `CREATE TABLE large (id int, a bytea, b bytea, c text); CREATE TABLE small AS SELECT 1 AS id;`+e.sql)
			c := beginCopy(t, Options{Source: src, Target: dst, OnError: Continue, Jobs: 1, Format: FormatText})
			c.goesOn(1)
			c.failed("public.large", `^copy-out: ERROR: .*`+e.says+`; a value or row of it is longer than 1 GB as text .*: use --format auto`)
			same(t, dst, contents(t, src, "small"))
		})
	}
}
