package compat

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
)

// joint is two programs with a pipe between them.
type joint struct {
	writer, reader string // as a person would type them
	format         string
	write          func(t testing.TB, source string) []string
	read           func(t testing.TB, target string) []string
}

func (j *joint) String() string { return j.writer + " \\| " + j.reader }

// joints are those of the kind, in the custom format and as a script.
func joints() []*joint {
	ours := func(format string) func(testing.TB, string) []string {
		return func(t testing.TB, source string) []string {
			return append([]string{pgsluice(t)}, dumpArgs(t, pgtest.Programs(t).Version, form{format, "none"}, source)...)
		}
	}
	theirs := func(format string) func(testing.TB, string) []string {
		return func(t testing.TB, source string) []string {
			return []string{installed(t, "pg_dump"), "--format=" + format, "--compress=0", source}
		}
	}
	restore := func(t testing.TB, target string) []string {
		return []string{pgsluice(t), "restore", target}
	}
	pgRestore := func(t testing.TB, target string) []string {
		return []string{installed(t, "pg_restore"), "--exit-on-error", "--dbname=" + target}
	}
	return []*joint{
		{"pgsluice dump", "pgsluice restore", "custom", ours("custom"), restore},
		{"pgsluice dump --format plain", "pgsluice restore", "plain", ours("plain"), restore},
		{"pg_dump -Fc", "pgsluice restore", "custom", theirs("custom"), restore},
		{"pg_dump -Fp", "pgsluice restore", "plain", theirs("plain"), restore},
		{"pgsluice dump", "pg_restore", "custom", ours("custom"), pgRestore},
	}
}

// stock is a database whose dump is some megabytes long, far more than a pipe holds, with keys that wait for all rows.
const stock = `
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, note text);
CREATE TABLE item (id int PRIMARY KEY, word text);
CREATE TABLE sale (id bigint PRIMARY KEY, customer int NOT NULL REFERENCES customer, item int NOT NULL REFERENCES item, text text);
INSERT INTO customer SELECT g, 'customer ' || g, repeat(md5(g::text), 4) FROM generate_series(1, 10000) g;
INSERT INTO item SELECT g, md5(g::text) FROM generate_series(1, 5000) g;
INSERT INTO sale SELECT g, 1 + g % 10000, 1 + g % 5000, md5(g::text) FROM generate_series(1, 60000) g;
CREATE INDEX ON sale (text);
CREATE INDEX ON customer (name);
CREATE SEQUENCE number; SELECT setval('number', 4711);
SELECT lo_from_bytea(5000 + g, convert_to(repeat('large object ' || g, 5000), 'UTF8')) FROM generate_series(1, 10) g;
`

// accident is what happens to the pipe after a number of bytes.
type accident int

const (
	ended  accident = iota // as by head -c
	writer                 // killed
	reader                 // killed
	none
)

func (a accident) String() string {
	return [...]string{"\\| head -c", "writer killed", "reader killed", "no accident"}[a]
}

// slack is what may sit in pipes and buffers between the two: a writer that has less than this to write may end well although
// its reader is gone.
const slack = 512 << 10

// The two ends of a cut pipe each say what happened, and what has arrived does not look whole.
func TestPipes(t *testing.T) {
	page := newPage("Pipes, and what cuts them", "pipe, accident", cuts...)
	t.Run("all", func(t *testing.T) {
		major := pgtest.Programs(t).Version
		source := database(t, major)
		pgtest.Exec(t, source, stock)
		for _, j := range joints() {
			t.Run(strings.ReplaceAll(j.String(), "\\", ""), func(t *testing.T) {
				t.Parallel()
				size := whole(t, page, j, source)
				for a := range none {
					for _, at := range points(size) {
						if a == reader && at == size-1 {
							continue // it may have ended by then
						}
						t.Run(fmt.Sprintf("%s after %d of %d bytes", a, at, size), func(t *testing.T) {
							defer page.note(t, fmt.Sprintf("%s, %s", j, a), share(at, size), "said")
							s := join(t, j, source, a, at)
							s.judge(t, size)
						})
					}
				}
			})
		}
	})
	page.write(t)
}

// points are where a stream of that many bytes is cut: in the header, the table of contents, the rows, at the very end.
func points(size int) []int {
	if !*full {
		return []int{size / 2}
	}
	return []int{0, 1, 100, 3000, size / 4, size / 2, size * 3 / 4, size - 300, size - 1}
}

// cuts are the columns that share makes.
var cuts = []string{"whole", "byte 0", "byte 1", "byte 20", "byte 100", "byte 3000", "25 %", "50 %", "75 %", "byte −3000", "byte −300", "byte −1"}

// share names a point the same for streams of different sizes.
func share(at, size int) string {
	switch {
	case at <= 3000:
		return fmt.Sprintf("byte %d", at)
	case at >= size-3000:
		return fmt.Sprintf("byte −%d", size-at)
	}
	return fmt.Sprintf("%d %%", (at*100+size/2)/size)
}

// whole joins the programs directly, as a shell does, and once more to count the bytes.
func whole(t *testing.T, page *page, j *joint, source string) (size int) {
	t.Helper()
	t.Run("whole", func(t *testing.T) {
		defer page.note(t, fmt.Sprintf("%s, %s", j, none), "whole", "equal")
		target := database(t, pgtest.Programs(t).Version)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		from, to := j.write(t, source), j.read(t, target)
		in := start(t, nil, w, from[0], from[1:]...)
		out := start(t, r, nil, to[0], to[1:]...)
		out.succeed(t)
		in.succeed(t)
		pgtest.DBDiff(t, source, target)
	})
	count := &counter{}
	from := j.write(t, source)
	start(t, nil, count, from[0], from[1:]...).succeed(t)
	if count.bytes < 4*slack {
		t.Fatalf("%s wrote %d bytes", from[0], count.bytes)
	}
	return count.bytes
}

type counter struct{ bytes int }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += len(p)
	return len(p), nil
}

// spliced is a joint after its accident.
type spliced struct {
	*joint
	accident       accident
	source, target string
	in, out        *process
	passed         int // bytes that the reader's pipe has taken
}

// join puts a hand between the two programs, which passes bytes on until the accident.
func join(t *testing.T, j *joint, source string, a accident, at int) *spliced {
	t.Helper()
	s := &spliced{joint: j, accident: a, source: source, target: database(t, pgtest.Programs(t).Version)}
	fromWriter, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r, toReader, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, to := j.write(t, source), j.read(t, s.target)
	s.out = start(t, r, nil, to[0], to[1:]...)
	s.in = start(t, nil, w, from[0], from[1:]...)
	n, err := io.CopyN(toReader, fromWriter, int64(at))
	s.passed = int(n)
	if err != nil {
		t.Errorf("after %d bytes: %v", n, err)
	}
	switch a {
	case writer:
		s.in.kill()
		fallthrough
	case reader:
		if a == reader {
			s.out.kill()
		}
		// what the writer has written still arrives
		n, err := io.Copy(toReader, fromWriter)
		s.passed += int(n)
		if a == writer && err != nil && !errors.Is(err, os.ErrClosed) && !strings.Contains(err.Error(), "broken pipe") {
			t.Errorf("after %d bytes: %v", s.passed, err)
		}
	}
	toReader.Close()
	fromWriter.Close()
	s.in.wait(t)
	s.out.wait(t)
	return s
}

// judge looks at what both programs said, and at the target.
func (s *spliced) judge(t *testing.T, size int) {
	t.Helper()
	if s.accident != writer && s.passed < size-slack {
		said(t, s.in, s.writer)
	}
	if s.accident != reader {
		if s.passed < size-1 || s.format == "custom" && s.passed < size {
			said(t, s.out, s.reader)
		} else if s.out.code == 0 {
			pgtest.DBDiff(t, s.source, s.target)
		}
	}
	if strings.HasPrefix(s.reader, "pgsluice") && s.out.code != 0 {
		marked(t, s.source, s.target)
	}
}

// said demands an exit code that is no success, and words.
func said(t *testing.T, p *process, name string) {
	t.Helper()
	switch {
	case p.code == 0:
		t.Errorf("%s: exit code 0:\n%s", p, p.said())
	case strings.HasPrefix(name, "pgsluice") && !strings.Contains(p.said(), "pgsluice: "):
		t.Errorf("%s: exit code %d, and it does not say why: %q", p, p.code, p.said())
	case strings.Contains(p.said(), "goroutine "):
		t.Errorf("%s has panicked:\n%s", p, p.said())
	}
}

// marked demands that the target does not look whole: each table has all of its rows or none, or else the ledger is there.
func marked(t *testing.T, source, target string) {
	t.Helper()
	const ledger = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = '_pgsluice'"
	marked := pgtest.Scalar[int](t, target, ledger) > 0
	const here = "SELECT relname FROM pg_catalog.pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
	tables := pgtest.Query(t, target, here)
	if len(tables) > 0 && !marked {
		t.Errorf("%d tables are there, and no ledger that says what is missing", len(tables))
	}
	for _, table := range tables {
		count := "SELECT count(*) FROM public." + table[0]
		got, want := pgtest.Scalar[int](t, target, count), pgtest.Scalar[int](t, source, count)
		if got != 0 && got != want && !marked {
			t.Errorf("table %s has %d of %d rows", table[0], got, want)
		}
	}
}
