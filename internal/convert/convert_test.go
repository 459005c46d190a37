package convert_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/cluster"
	"pgsluice/internal/convert"
	"pgsluice/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const data = "../archive/testdata/data/"

// sources are archives of all formats, made by real pg_dumps.
var sources = []string{
	"../archive/testdata/golden/pg15.dump", "../archive/testdata/golden/pg16.dump", "../archive/testdata/golden/pg18.dump",
	data + "pg18-zstd.dir", data + "pg18.tar",
}

// random is what a pg_restore's script has for one time only.
var random = regexp.MustCompile(`(?m)^\\(un)?restrict .*|^-- Dumped .*`)

// restored is the script that a real pg_restore makes of an archive.
func restored(t *testing.T, p cluster.Programs, path string, flags ...string) string {
	t.Helper()
	program, err := p.Path("pg_restore")
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, append(flags, "--file=-", path)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Fatalf("pg_restore %s: %v\n%s", path, err, &errs)
	}
	return random.ReplaceAllString(out.String(), "")
}

// run converts and demands that it goes well.
func run(t *testing.T, opt convert.Options) *convert.Result {
	t.Helper()
	result, err := convert.Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("%s: line %d is %.300q, not %.300q", what, i+1, a[i], b[i])
			return
		}
	}
	t.Errorf("%s: %d lines, not %d", what, len(a), len(b))
}

// All formats and compressions into all others: to pg_restore 18 the result says what its source said.
func TestEveryFormatIntoEveryOther(t *testing.T) {
	t.Parallel()
	programs := pgtest.ProgramsOf(t, 18, cluster.Complete)
	for _, from := range sources {
		want := restored(t, programs, from)
		for _, to := range []convert.Format{convert.Custom, convert.Directory} {
			for _, c := range []*archive.Compression{
				nil, {Algorithm: archive.NoCompression}, {Algorithm: archive.Gzip, Level: -1}, {Algorithm: archive.LZ4, Level: -1}, {Algorithm: archive.Zstd, Level: 3},
			} {
				what := fmt.Sprintf("%s to %d, %v", filepath.Base(from), to, c)
				out := filepath.Join(t.TempDir(), "out")
				result := run(t, convert.Options{Path: from, Output: out, Format: to, Compression: c, Jobs: 3})
				same(t, what, restored(t, programs, out), want)
				if c != nil && result.To.Compression.Algorithm != c.Algorithm {
					t.Errorf("%s: %v", what, result.To.Compression)
				}
			}
		}
	}
}

// A stream gives the same as a file, and a script the same as pg_restore's.
func TestStreams(t *testing.T) {
	t.Parallel()
	programs := pgtest.ProgramsOf(t, 18, cluster.Complete)
	for _, from := range sources {
		if strings.HasSuffix(from, ".dir") {
			continue
		}
		in, err := os.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		run(t, convert.Options{Input: io.MultiReader(in), To: &out})
		_ = in.Close()
		again := filepath.Join(t.TempDir(), "out")
		if err := os.WriteFile(again, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		same(t, from, restored(t, programs, again), restored(t, programs, from))
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	programs := pgtest.ProgramsOf(t, 18, cluster.Complete)
	for _, from := range sources {
		out := filepath.Join(t.TempDir(), "out.sql")
		run(t, convert.Options{Path: from, Output: out, Format: convert.Plain})
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		timeout := regexp.MustCompile(`(?m)^.*transaction_timeout.*\n`)
		same(t, from, timeout.ReplaceAllString(random.ReplaceAllString(string(got), ""), ""), timeout.ReplaceAllString(restored(t, programs, from), ""))
	}
}

// sorted are the lines of a script that don't depend on its order, form of comments or version.
func sorted(script string) string {
	var lines []string
	for line := range strings.Lines(script) {
		switch {
		case strings.HasPrefix(line, "--"), strings.Contains(line, "transaction_timeout"), strings.TrimSpace(line) == "",
			strings.HasPrefix(line, "BEGIN;"), strings.HasPrefix(line, "COMMIT;"): // around more or fewer large objects
		default:
			lines = append(lines, regexp.MustCompile(`^ALTER (MATERIALIZED VIEW|VIEW|SEQUENCE) `).ReplaceAllString(line, "ALTER TABLE "))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// What pg_restore 15 can't read becomes what it can.
func TestForAnOldPgRestore(t *testing.T) {
	t.Parallel()
	old, young := pgtest.ProgramsOf(t, 15, cluster.Complete), pgtest.ProgramsOf(t, 18, cluster.Complete)
	for _, from := range append([]string{"../archive/testdata/golden/pg17.dump", data + "pg18-zstd-pipe.dump"}, sources...) {
		want := sorted(restored(t, young, from, "--no-statistics"))
		for _, to := range []convert.Format{convert.Custom, convert.Directory} {
			out := filepath.Join(t.TempDir(), "out")
			result := run(t, convert.Options{Path: from, Output: out, Format: to, Minor: 14})
			same(t, from, sorted(restored(t, old, out)), want)
			if v := result.To.Version; v.Minor != 14 || result.To.Compression.Algorithm > archive.Gzip {
				t.Errorf("%s: %s, %v", from, v, result.To.Compression)
			}
		}
	}
}

// Only some entries: pg_restore sees what it would choose itself.
func TestSelections(t *testing.T) {
	t.Parallel()
	programs := pgtest.ProgramsOf(t, 18, cluster.Complete)
	for _, s := range []struct {
		flags []string
		ours  archive.Selection
	}{
		{[]string{"--schema-only"}, archive.Selection{SchemaOnly: true}},
		{[]string{"--data-only"}, archive.Selection{DataOnly: true}},
		{[]string{"--section=data"}, archive.Selection{Sections: []archive.Section{archive.DataSection}}},
		{[]string{"--table=orders"}, archive.Selection{Tables: []string{"orders"}}},
		{[]string{"--exclude-schema=public", "--no-acl"}, archive.Selection{ExcludeSchemas: []string{"public"}, NoACL: true}},
	} {
		for i, from := range sources {
			if i >= 3 && (s.ours.Tables != nil || s.ours.ExcludeSchemas != nil) {
				continue // they have nothing of it
			}
			for _, f := range []convert.Format{convert.Custom, convert.Directory} {
				out := filepath.Join(t.TempDir(), "out")
				run(t, convert.Options{Path: from, Output: out, Format: f, Selection: s.ours})
				same(t, fmt.Sprint(from, s.flags), restored(t, programs, out, s.flags...), restored(t, programs, from, s.flags...))
				same(t, fmt.Sprint(from, s.flags), restored(t, programs, out), restored(t, programs, from, s.flags...))
			}
		}
	}
}

// What is cut leaves nothing behind, and says so.
func TestCutArchive(t *testing.T) {
	t.Parallel()
	p, err := os.ReadFile(sources[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 100, len(p) / 2, len(p) - 40, len(p) - 1} {
		dir := t.TempDir()
		out := filepath.Join(dir, "out")
		_, err := convert.Run(t.Context(), convert.Options{Input: bytes.NewReader(p[:cut]), Output: out})
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), "standard input: ") {
			t.Errorf("cut at %d: %v", cut, err)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("cut at %d: %v, %v", cut, left, err)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	from, full := sources[2], t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	zstd := &archive.Compression{Algorithm: archive.Zstd, Level: -1}
	for want, opt := range map[string]convert.Options{
		"needs a name":         {Path: from, Format: convert.Directory},
		"must be 1.14 to 1.16": {Path: from, Minor: 13},
		"no archive version":   {Path: from, Format: convert.Plain, Minor: 14},
		"plain script only":    {Path: from, NoOwner: true},
		"leave one of the two": {Path: from, Minor: 14, Compression: zstd},
		"nothing of":           {Path: from, Selection: archive.Selection{Tables: []string{"nowhere"}}},
		"no entry 99999":       {Path: from, Selection: archive.Selection{List: []int{99999}}},
		"no such file":         {Path: from + "x"},
		"not empty":            {Path: from, Format: convert.Directory, Output: full},
		"it is a directory":    {Path: from, Output: full},
	} {
		if opt.Output == "" {
			opt.To = io.Discard
		}
		_, err := convert.Run(t.Context(), opt)
		if refused := (*convert.Refused)(nil); !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A writer that fails, or a reader that never comes, ends the conversion.
func TestOutputsThatFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := convert.Run(t.Context(), convert.Options{Path: sources[0], To: failing{broken}})
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "standard output: ") {
		t.Error(err)
	}
	r, w := io.Pipe()
	defer func() { _ = r.Close() }()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		_, _ = r.Read(make([]byte, 10))
		cancel(broken)
	}()
	if _, err := convert.Run(ctx, convert.Options{Path: sources[0], To: w}); !errors.Is(err, broken) {
		t.Error(err)
	}
	in, never := io.Pipe()
	defer func() { _ = never.Close() }()
	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(broken)
	if _, err := convert.Run(ctx, convert.Options{Input: in, To: io.Discard}); !errors.Is(err, broken) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
