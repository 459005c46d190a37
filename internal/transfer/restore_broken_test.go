package transfer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"pgsluice/internal/pgtest"
)

// brokenSource is dumped into a small archive.
const brokenSource = `
CREATE TABLE a (id int PRIMARY KEY, word text);
CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
INSERT INTO a SELECT g, md5(g::text) FROM generate_series(1, 3000) g;
INSERT INTO b SELECT g, 1 + g % 3000 FROM generate_series(1, 3000) g;
SELECT lo_from_bytea(5001, convert_to(repeat('large object ', 500), 'UTF8'));
`

// What is cut off at any place fails, leaves no table with a part of its rows, and a restore of the whole archive goes on from there.
func TestRestoreCutOff(t *testing.T) {
	t.Parallel()
	src := pgtest.Database(t)
	pgtest.Exec(t, src, brokenSource)
	path := dumpedBy(t, src, "custom")
	whole := readFile(t, path)
	for _, stream := range []bool{false, true} {
		for tenth := range 10 {
			t.Run(fmt.Sprintf("a stream: %v, %d tenths", stream, tenth), func(t *testing.T) {
				t.Parallel()
				content := whole[:len(whole)*tenth/10]
				opt := RestoreOptions{Options: Options{Target: pgtest.Database(t), Jobs: 2}}
				cut := opt
				if stream {
					cut.Input = piped(content)
				} else {
					cut.Path = filepath.Join(t.TempDir(), "cut")
					if err := os.WriteFile(cut.Path, content, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				_, err := Restore(t.Context(), cut)
				mentions(t, err, "offset|empty|not a pg_dump|ends")
				noPartOfRows(t, opt.Target)
				opt.Path = path
				if !IsRefused(err) {
					opt.Resume = Resume
				}
				restoreOK(t, opt)
				pgtest.DBDiff(t, src, opt.Target)
			})
		}
	}
}

// noPartOfRows demands that each table, if it is there, has no rows or all of them.
func noPartOfRows(t *testing.T, url string) {
	t.Helper()
	for _, table := range []string{"a", "b"} {
		if pgtest.Scalar[int](t, url, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = '"+table+"'") == 0 {
			continue
		}
		if n := pgtest.Scalar[int](t, url, "SELECT count(*) FROM "+table); n != 0 && n != 3000 {
			t.Errorf("table %s has %d rows", table, n)
		}
	}
}

// A read of the stream that fails is the cause that is told.
func TestRestoreFailingStream(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.Database(t)
	pgtest.Exec(t, src, brokenSource)
	whole := readFile(t, dumpedBy(t, src, "custom"))
	cause := errors.New("the line is dead")
	_, err := Restore(t.Context(), RestoreOptions{
		Input:   io.MultiReader(piped(whole[:len(whole)*2/3]), failing{cause}),
		Options: Options{Target: dst, Jobs: 2},
	})
	if !errors.Is(err, cause) || IsRefused(err) {
		t.Errorf("error %v; refused: %v", err, IsRefused(err))
	}
	noPartOfRows(t, dst)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
