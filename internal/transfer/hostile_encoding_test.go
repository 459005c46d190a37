package transfer

import (
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
)

// encoded is a database of an encoding, whose text sorts by bytes.
func encoded(t *testing.T, encoding string, target bool) string {
	t.Helper()
	c := pgtest.Server(t)
	if target {
		c = pgtest.Second(t)
	}
	return pgtest.DatabaseOn(t, c, "ENCODING '"+encoding+"' LOCALE 'C' TEMPLATE template0")
}

// Text that both encodings have arrives as the same characters, in names as well as in rows.
func TestEncodingsConverted(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]struct{ source, target, sql string }{
		"LATIN1 to UTF8": {"LATIN1", "UTF8", `CREATE TABLE "é" ("ü" text DEFAULT 'ß'); COMMENT ON TABLE "é" IS 'ÿ';
			INSERT INTO "é" VALUES ('à la carte'), (U&'\00ff\00a0'), (DEFAULT); CREATE TYPE "ä" AS ENUM ('ö'); CREATE TABLE e (e "ä"); INSERT INTO e VALUES ('ö')`},
		"UTF8 to LATIN1":         {"UTF8", "LATIN1", `CREATE TABLE "é" ("ü" text DEFAULT 'ß'); INSERT INTO "é" VALUES ('à'), (DEFAULT)`},
		"LATIN9 to LATIN9":       {"LATIN9", "LATIN9", `CREATE TABLE "€" ("€" text); INSERT INTO "€" VALUES ('€')`},
		"WIN1252 to UTF8":        {"WIN1252", "UTF8", `CREATE TABLE "€" ("€" text); INSERT INTO "€" VALUES ('€ „quoted“')`},
		"EUC_JP to UTF8":         {"EUC_JP", "UTF8", `CREATE TABLE "表" ("列" text); INSERT INTO "表" VALUES ('日本語'), ('ソ能表')`},
		"SQL_ASCII to UTF8":      {"SQL_ASCII", "UTF8", `CREATE TABLE "é" (v text); INSERT INTO "é" VALUES ('UTF-8 inside: é €'), ('plain')`},
		"SQL_ASCII to SQL_ASCII": {"SQL_ASCII", "SQL_ASCII", `CREATE TABLE t (v text); INSERT INTO t VALUES (chr(233) || chr(255)), ('plain')`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := encoded(t, e.source, false), encoded(t, e.target, true)
			client := "UTF8"
			if e.source == "SQL_ASCII" {
				client = "SQL_ASCII"
			}
			pgtest.Exec(t, src+"&client_encoding="+client, e.sql)
			copyOK(t, Options{Source: src, Target: dst})
			if e.source == "SQL_ASCII" && e.target != "SQL_ASCII" {
				pgtest.DBDiff(t, src, dst, "-d")
				return
			}
			sameDump(t, src+"&client_encoding="+client, dst+"&client_encoding="+client)
		})
	}
}

// A byte that the target does not take is found: table, row and column are named, with a way to see the row.
func TestWrongByteIsLocated(t *testing.T) {
	t.Parallel()
	const rows = `CREATE TABLE "odd 7 ""table""" (id int, plain text DEFAULT 'x', gone text, "the ""note""" text);
		ALTER TABLE "odd 7 ""table""" DROP COLUMN gone;
		INSERT INTO "odd 7 ""table""" (id, "the ""note""") SELECT i, E'line\nline' FROM generate_series(1, 999) i;
		INSERT INTO "odd 7 ""table""" (id, "the ""note""") VALUES (1000, 'caf' || WRONG || ' au lait'), (1001, WRONG);`
	for name, e := range map[string]struct{ source, target, wrong, says string }{
		"LATIN1 bytes in SQL_ASCII": {"SQL_ASCII", "UTF8", `chr(233)`, `invalid byte sequence for encoding "UTF8": 0xe9 0x20 0x61 \(SQLSTATE 22021\)`},
		"no such character":         {"UTF8", "LATIN1", `'€'`, `byte sequence 0xe2 0x82 0xac in encoding "UTF8" has no equivalent in encoding "LATIN1" \(SQLSTATE 22P05\)`},
		"bytes that Go can't judge": {"SQL_ASCII", "EUC_JP", `chr(255)`, `invalid byte sequence for encoding "EUC_JP": 0xff.* \(SQLSTATE 22021\)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := encoded(t, e.source, false), encoded(t, e.target, true)
			client := e.source
			pgtest.Exec(t, src+"&client_encoding="+client, strings.ReplaceAll(rows, "WRONG", e.wrong))
			tid := pgtest.Scalar[string](t, src, `SELECT ctid::text FROM "odd 7 ""table""" WHERE id = 1000`)
			column := `column "the ""note""" of `
			if e.target == "EUC_JP" { // only the server knows what is valid there
				column = ""
			}
			c := beginCopy(t, Options{Source: src, Target: dst})
			c.fails(`^table public\."odd 7 ""table""": copy-in: ERROR: .*`+e.says,
				`it is in `+column+`row 1000 of the source's table`,
				`SELECT \* FROM ONLY public\."odd 7 ""table""" WHERE ctid = '\(`+strings.Trim(tid, "()")+`\)'`,
				`ENCODING '`+e.source+`'`)
		})
	}
	t.Run("definition", func(t *testing.T) {
		t.Parallel()
		src, dst := encoded(t, "UTF8", false), encoded(t, "LATIN1", true)
		pgtest.Exec(t, src, `CREATE TABLE t (v text DEFAULT '€')`)
		c := beginCopy(t, Options{Source: src, Target: dst})
		c.fails(`^table public\.t: ERROR: .*22P05.*; it is in the object's definition on the source`, `ENCODING 'UTF8'`)
	})
}
