package stages_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/pipeline"
	"pgsluice/stages"
	"pgsluice/stages/stagetest"
)

func TestCopyOutConforms(t *testing.T) {
	pgtest.Server(t)
	stagetest.Run(t, stagetest.Subject{
		First: func(t *testing.T, plain []byte) pipeline.Stage {
			url := pgtest.Database(t)
			pgtest.Exec(t, url, "CREATE TABLE pieces (n int, v text)")
			conn := connect(t, url)
			if _, err := conn.CopyFrom(t.Context(), bytes.NewReader(asRows(t, plain)), "COPY pieces FROM STDIN"); err != nil {
				t.Fatal(err)
			}
			return stages.CopyOut(conn, "COPY (SELECT n, v FROM pieces ORDER BY n) TO STDOUT", nil)
		},
		Decode: fromRows,
	})
}

func TestCopyInConforms(t *testing.T) {
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE pieces (n int, v text)")
	stagetest.Run(t, stagetest.Subject{
		Last: func(t *testing.T) (pipeline.Stage, func() []byte) {
			pgtest.Exec(t, url, "TRUNCATE pieces")
			return stages.CopyIn(connect(t, url), "COPY pieces FROM STDIN", nil), func() []byte {
				return []byte(pgtest.Scalar[string](t, url, "SELECT coalesce(string_agg(v, '' ORDER BY n), '') FROM pieces"))
			}
		},
		Encode: asRows,
	})
}

// pieceBytes is how much of the plain bytes goes into one row.
const pieceBytes = 500

var escape = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`)

// asRows words plain as rows of a number and a text in COPY's text format.
func asRows(_ *testing.T, plain []byte) []byte {
	var rows bytes.Buffer
	for n := 0; len(plain) > 0; n++ {
		piece := plain[:min(pieceBytes, len(plain))]
		plain = plain[len(piece):]
		fmt.Fprintf(&rows, "%d\t%s\n", n, escape.Replace(string(piece)))
	}
	return rows.Bytes()
}

var unescape = strings.NewReplacer(`\\`, "\\", `\t`, "\t", `\n`, "\n")

func fromRows(t *testing.T, rows []byte) []byte {
	t.Helper()
	var plain strings.Builder
	for row := range strings.Lines(string(rows)) {
		_, piece, ok := strings.Cut(strings.TrimSuffix(row, "\n"), "\t")
		if !ok {
			t.Fatalf("not a row: %q", row)
		}
		plain.WriteString(unescape.Replace(piece))
	}
	return []byte(plain.String())
}
