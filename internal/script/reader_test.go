package script_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pgsluice/internal/cluster"
	"pgsluice/internal/script"
)

// steps reads a script and puts it together again.
func steps(r io.Reader) (text string, all []script.Step, err error) {
	var b strings.Builder
	s := script.NewReader(r)
	for {
		step, err := s.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), all, nil
		}
		if err != nil {
			return b.String(), all, err
		}
		fmt.Fprintf(&b, "%s;\n", step.SQL)
		all = append(all, *step)
		if step.Rows == nil {
			continue
		}
		rows, err := io.ReadAll(step.Rows)
		b.Write(rows)
		if err != nil {
			return b.String(), all, err
		}
		b.WriteString("\\.\n")
	}
}

// meant is a script without what is no statement and no row: comments and empty lines at its top level. It does not look
// into strings, so it is for scripts that have none with such lines.
func meant(text string) string {
	var b strings.Builder
	rows := false
	for line := range strings.Lines(text) {
		switch {
		case rows:
			rows = line != "\\.\n"
		case line == "\n", strings.HasPrefix(line, "--"), strings.HasPrefix(line, "\\"):
			continue
		default:
			rows = strings.HasPrefix(line, "COPY ")
		}
		b.WriteString(line)
	}
	return b.String()
}

const head = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n"

const tail = "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n"

func TestScriptsOfPgRestore(t *testing.T) {
	dumps, err := filepath.Glob("../archive/testdata/golden/pg1[57].dump")
	if err != nil || len(dumps) != 2 {
		t.Fatal(dumps, err)
	}
	eachMajor(t, func(t *testing.T, p cluster.Programs) {
		for _, dump := range dumps {
			if p.Version < 16 && strings.HasSuffix(dump, "17.dump") {
				continue
			}
			text := pgRestore(t, p, dump, "--no-comments") // which has empty lines in strings
			for kind, r := range map[string]io.Reader{
				"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)), "late": iotest.DataErrReader(strings.NewReader(text)),
			} {
				got, all, err := steps(r)
				if err != nil {
					t.Fatalf("%s, %s: %v", dump, kind, err)
				}
				if got, want := meant(got), meant(text); got != want {
					t.Errorf("%s, %s:\n%s\nnot\n%s", dump, kind, got, want)
				}
				checkSteps(t, text, all)
			}
		}
	})
}

// checkSteps finds each step in its line, and the comments' words.
func checkSteps(t *testing.T, text string, all []script.Step) {
	t.Helper()
	lines := strings.Split(text, "\n")
	named := map[string]bool{}
	for _, s := range all {
		first, _, _ := strings.Cut(s.SQL, "\n")
		if !strings.HasPrefix(lines[s.Line-1], first) {
			t.Errorf("%q is not in line %d: %q", first, s.Line, lines[s.Line-1])
		}
		named[s.Of.String()] = true
	}
	for _, name := range []string{"the script's settings", "TABLE public.orders", `TABLE DATA odd schema.Tab"le; $$`, "EVENT TRIGGER watch"} {
		if !named[name] {
			t.Errorf("no step of %s", name)
		}
	}
}

func TestStatements(t *testing.T) {
	body := strings.Repeat("line; of a 'long' body\n", 10_000)
	for name, sql := range map[string]string{
		"plain":       "SELECT 1",
		"strings":     "SELECT 'a;\n-- Name: x; Type: y; Schema: -; Owner: -\n\\connect x\n', E'\\';', \"b;\"",
		"dollars":     "CREATE FUNCTION f() AS $_$\n" + body + "$_$ LANGUAGE sql",
		"atomic":      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END",
		"parentheses": "CREATE RULE r AS ON INSERT TO v DO INSTEAD (DELETE FROM a; DELETE FROM b)",
		"comments":    "SELECT /* ; /* ; */ \\q */ 1 -- ; \\q\n + 2",
	} {
		for size := 1; size < 200_000; size *= 7 {
			text, all, err := steps(&chunks{s: head + sql + ";\n" + tail, size: size})
			if err != nil || text != sql+";\n" || len(all) != 1 || all[0].Line != 7 {
				t.Fatalf("%s by %d: %v, %.200q, %+.200v", name, size, err, text, all)
			}
		}
	}
}

// chunks gives a text in reads of some size.
type chunks struct {
	s    string
	size int
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.s == "" {
		return 0, io.EOF
	}
	n := copy(p, c.s[:min(c.size, len(c.s))])
	c.s = c.s[n:]
	return n, nil
}

func TestRowsOfAScript(t *testing.T) {
	const copies = "COPY public.a (b, \"c d\") FROM stdin;\n"
	for _, rows := range []string{"", "\n", "a\\.\n", "\\\\.\n\n\\\\N\n", "\\.x\n", strings.Repeat("a long row of many\twords\n", 20_000)} {
		text := head + copies + rows + "\\.\n\n\nSELECT 1;\n" + tail
		for size := 1; size < 300_000; size *= 5 {
			got, all, err := steps(&chunks{s: text, size: size})
			if err != nil || got != copies+rows+"\\.\nSELECT 1;\n" {
				t.Fatalf("%.40q by %d: %v, %.200q", rows, size, err, got)
			}
			if want := 7 + 1 + strings.Count(rows, "\n") + 1 + 2; all[1].Line != want {
				t.Errorf("%.40q by %d: the next is in line %d, not %d", rows, size, all[1].Line, want)
			}
		}
		windows := strings.Replace(text, "\\.\n", "\\.\r\n", 1)
		if rows == "" {
			if got, _, err := steps(strings.NewReader(windows)); err != nil || got != copies+"\\.\nSELECT 1;\n" {
				t.Errorf("end mark with a carriage return: %v, %q", err, got)
			}
		}
	}
	r := script.NewReader(strings.NewReader(head + copies + "1\n\\.\n" + tail))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), "were not read") {
		t.Error(err)
	}
}

func TestScriptsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"connect":          {head + "SELECT 1;\n\\connect other\n" + tail, "line 8: the script is for several databases"},
		"create":           {head + "CREATE DATABASE x;\n", "line 7: the script is for several databases"},
		"cluster":          {"--\n-- PostgreSQL database cluster dump\n--\n\nSET a = b;\n", "line 5: the script is for several databases"},
		"shell":            {head + "\\! rm -rf /\n" + tail, `line 7: psql's command \!: only psql can run this script`},
		"within":           {head + "SELECT 1\n\\! ls\n;" + tail, "line 8: a psql command within a statement"},
		"other token":      {head + "SELECT 1;\n" + strings.Replace(tail, "abc", "abd", 1), `line 12: \unrestrict with another token`},
		"twice":            {head + "\\restrict x\n", `line 7: a second \restrict`},
		"behind the end":   {head + tail + "SELECT 1;\n", "line 13: a statement behind the end of the dump"},
		"no end":           {head + "SELECT 1;\n", "line 8: the script ends before the line"},
		"not unrestricted": {head + "--\n-- PostgreSQL database dump complete\n--\n\n", `line 11: the script ends before its \unrestrict`},
		"in a statement":   {head + "SELECT 1", "line 7: the script ends within a statement"},
		"in a string":      {head + "SELECT 'a;\n\n", "line 7: the script ends within a statement"},
		"in rows":          {head + "-- Name: x; Type: TABLE DATA; Schema: public; Owner: me\nCOPY x FROM stdin;\n1\n2\n", "line 11: the script ends within the rows of TABLE DATA public.x"},
		"in the end mark":  {head + "COPY x FROM stdin;\n1\n\\.", "line 9: the script ends within the rows of"},
		"before rows":      {head + "COPY x FROM stdin;", "line 7: the script ends before the rows of"},
		"a strange COPY":   {head + "COPY x FROM stdin WITH (FORMAT csv);\n1\n\\.\n" + tail, "line 7: not a COPY as pg_dump writes it"},
		"more in a line":   {head + "COPY x FROM stdin; SELECT 1;\n\\.\n" + tail, "line 7: more behind COPY"},
		"sjis":             {head + "SET client_encoding = 'SJIS';\n" + tail, "line 7: the script is in SJIS"},
		"nothing":          {"", "line 1: the script ends before the line"},
	} {
		for _, size := range []int{1, 3, 1 << 20} {
			if _, _, err := steps(&chunks{s: c.text, size: size}); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s by %d: %v", name, size, err)
			}
		}
	}
}

// Prefixes of a script are incomplete.
func TestPrefixesAreIncomplete(t *testing.T) {
	p, err := os.ReadFile("../archive/testdata/golden/pg15.dump")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimRight(scriptOf(t, bytes.NewReader(p), script.Options{}), "\n")
	if _, _, err := steps(strings.NewReader(text + "\n")); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(text); n += 1 + n%17 {
		if _, _, err := steps(strings.NewReader(text[:n])); !errors.Is(err, io.ErrUnexpectedEOF) && !strings.Contains(fmt.Sprint(err), "another token") {
			t.Fatalf("cut at %d of %d: %v", n, len(text), err)
		}
	}
	broken := errors.New("broken")
	for _, n := range []int{0, 100, len(text) / 2, len(text) - 1} {
		if _, _, err := steps(io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Errorf("broken at %d: %v", n, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(head + "SELECT 1;\nCOPY x FROM stdin;\n1\n\\.\n" + tail)
	f.Add("\\restrict a\nSELECT $x$ ; $x$;\\unrestrict a\n")
	f.Fuzz(func(t *testing.T, text string) {
		a, first, errA := steps(strings.NewReader(text))
		b, again, errB := steps(iotest.OneByteReader(strings.NewReader(text)))
		if a != b || len(first) != len(again) || fmt.Sprint(errA) != fmt.Sprint(errB) {
			t.Errorf("%q, %v; but by bytes %q, %v", a, errA, b, errB)
		}
	})
}
