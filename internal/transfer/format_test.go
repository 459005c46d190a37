package transfer

import (
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
)

// formatsPlanned says how each table would go: binary, or text for the reason.
func formatsPlanned(t *testing.T, opt Options) map[string]string {
	t.Helper()
	o := dryRun(t, opt)
	if o.Forecast == nil {
		t.Fatal(listed(o))
	}
	formats := map[string]string{}
	for _, table := range o.Forecast.Tables {
		formats[table.Name] = "binary"
		if !table.Binary {
			formats[table.Name] = "text: " + table.AsText
		}
	}
	return formats
}

// allKinds makes a database with a table of each kind of type.
func allKinds(t *testing.T) string {
	t.Helper()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	runFile(t, src, "testdata/formats.sql")
	return src
}

// Whatever a column may hold arrives as it is, in both formats, and what binary would spoil goes as text.
func TestCopyFormats(t *testing.T) {
	t.Parallel()
	src := allKinds(t)
	asText := map[string]string{
		"references_to": "column c is regclass, whose OIDs differ", "hidden_references": "column k is kinds.knows[], which holds regnamespace, whose OIDs differ",
		"collations": "column c is regcollation, whose OIDs differ", "access": "column a is aclitem, which has no binary form",
		"signatures": "column g is gtsvector, which has no binary form", "searches": "column q is tsquery, whose empty value",
		"vectors": "column i is int2vector, whose empty value", "oid_vectors": "column o is oidvector, whose empty value",
	}
	binary := strings.Fields("numbers times intervals texts shapes lists ranges made_ranges made made_lists simple_rows row_type cash documents from13 from14")
	for format, name := range map[Format]string{FormatAuto: "auto", FormatBinary: "binary", FormatText: "text"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := Options{Source: src, Target: pgtest.DatabaseOn(t, pgtest.Second(t)), Jobs: 2, Format: format}
			planned := formatsPlanned(t, opt)
			for table, why := range asText {
				if format == FormatText {
					why = ""
				}
				if got := planned["kinds."+table]; !strings.HasPrefix(got, "text: "+why) {
					t.Errorf("%s goes as %s, not as text: %s", table, got, why)
				}
			}
			for _, table := range binary {
				if want := map[bool]string{true: "text: ", false: "binary"}[format == FormatText]; planned["kinds."+table] != want {
					t.Errorf("%s goes as %s", table, planned["kinds."+table])
				}
			}
			warned := strings.Contains(listed(dryRun(t, opt)), "these tables go as text")
			if warned != (format == FormatBinary) {
				t.Errorf("a warning of the tables that go as text: %t", warned)
			}
			copyOK(t, opt)
			pgtest.DBDiff(t, src, opt.Target)
			const oids = "SELECT string_agg(c::oid || ' ' || coalesce(p::oid, 0) || ' ' || t::oid || ' ' || coalesce(r, 0), ',' ORDER BY id) FROM kinds.references_to"
			if pgtest.Query(t, src, oids)[0][0] == pgtest.Query(t, opt.Target, oids)[0][0] {
				t.Error("the OIDs of both databases are the same: the test shows nothing")
			}
		})
	}
}

// Tables that are there may have other columns: what binary would load without an error, wrong, goes as text.
func TestFormatsOfDataOnly(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, `
		CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a timestamp, b mood);
		CREATE TABLE same (a int, b int, p pair, ms mood[]); INSERT INTO same VALUES (1, 2, ROW('2020-06-01', 'ok'), '{ok}');
		CREATE TABLE at AS SELECT 1 AS id, timestamp '2020-06-01 12:00' AS t; CREATE TABLE amounts AS SELECT float8 '1' AS v;
		CREATE TABLE short (v varchar(5)); INSERT INTO short VALUES ('abcde'); CREATE TABLE rows AS SELECT ROW('2020-06-01 12:00', 'sad')::pair AS p;
		CREATE TABLE list (k mood, id int) PARTITION BY HASH (k); CREATE TABLE list_0 PARTITION OF list FOR VALUES WITH (MODULUS 2, REMAINDER 0);
		CREATE TABLE list_1 PARTITION OF list FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO list VALUES ('sad', 1), ('ok', 2)`)
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, dst, `
		CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE TYPE pair AS (a timestamptz, b mood);
		CREATE TABLE at (t timestamptz, id int); CREATE TABLE amounts (v int8); CREATE TABLE short (v varchar(3)); CREATE TABLE rows (p pair);
		CREATE TABLE list (id int, k mood) PARTITION BY HASH (k); CREATE TABLE list_0 PARTITION OF list FOR VALUES WITH (MODULUS 2, REMAINDER 0);
		CREATE TABLE list_1 PARTITION OF list FOR VALUES WITH (MODULUS 2, REMAINDER 1);
		CREATE TABLE same (b int, gone int, a int, p pair, ms mood[]); ALTER TABLE same DROP COLUMN gone`)
	dst = strings.Replace(dst, "?", "?timezone=Asia/Tokyo&", 1)
	opt := Options{Source: src, Target: dst, Jobs: 1, DataOnly: true, OnError: Continue}
	want := map[string]string{
		"public.at":      "text: column t is timestamp on the source and timestamptz on the target",
		"public.amounts": "text: column v is float8 on the source and int8 on the target",
		"public.short":   "text: column v is varchar with another length or precision on the target",
		"public.rows":    "text: column p is public.pair, which is defined otherwise on the target",
		"public.same":    "text: column p is public.pair, which is defined otherwise on the target",
		"public.list_0":  "binary", "public.list_1": "binary",
	}
	for table, got := range formatsPlanned(t, opt) {
		if got != want[table] {
			t.Errorf("%s goes as %s, not %s", table, got, want[table])
		}
	}
	result, err := Copy(t.Context(), opt)
	if err != nil || result.Failed != 1 { // the value that is too long
		t.Fatalf("%d failed, error %v", result.Failed, err)
	}
	for sql, want := range map[string]string{
		"SELECT v FROM amounts": "1",
		"SELECT t AT TIME ZONE current_setting('timezone') FROM at":                       "2020-06-01 12:00:00",
		"SELECT (p).a AT TIME ZONE current_setting('timezone') || ' ' || (p).b FROM rows": "2020-06-01 12:00:00 sad",
		"SELECT a || ' ' || b || ' ' || ms::text FROM same":                               "1 2 {ok}",
		"SELECT string_agg(k || ' ' || id, ',' ORDER BY id) || ' ' || count(*) FROM list": "sad 1,ok 2 2",
	} {
		if got := pgtest.Query(t, dst, sql)[0][0]; got != want {
			t.Errorf("%s: %s, not %s", sql, got, want)
		}
	}
}

// Settings of the two sessions and databases count, not of the servers.
func TestFormatsBySettings(t *testing.T) {
	t.Parallel()
	latin := pgtest.DatabaseOn(t, pgtest.Server(t), "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'") + "&client_encoding=UTF8"
	pgtest.Exec(t, latin, `
		CREATE TABLE cash AS SELECT '1234.5'::money AS m; CREATE TABLE docs AS SELECT '<?xml version="1.1"?><a>ü</a>'::xml AS x;
		CREATE TABLE names AS SELECT repeat('ü', 63)::name AS n; CREATE TABLE texts AS SELECT 'größer' AS t, 'ü'::bpchar AS b, '"ü"'::json AS j, '"ü"'::jsonb AS jb, 'ü'::tsvector AS v, '{ü}'::text[] AS l`)
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	opt := Options{Source: latin, Target: dst, Jobs: 1, Set: map[string]string{"lc_monetary": "POSIX"}}
	want := map[string]string{
		"public.cash": "text: column m is money, and lc_monetary is C on the source and POSIX on the target", "public.docs": "text: column x is xml, whose binary form has an encoding written into it",
		"public.names": "text: column n is name, which may be too long in the target's encoding and is only cut as text", "public.texts": "binary",
	}
	if here := pgtest.Query(t, latin, "SHOW lc_monetary")[0][0]; here != "C" {
		want["public.cash"] = strings.Replace(want["public.cash"], " C ", " "+here+" ", 1)
	}
	for table, got := range formatsPlanned(t, opt) {
		if got != want[table] {
			t.Errorf("%s goes as %s, not %s", table, got, want[table])
		}
	}
	copyOK(t, opt)
	for sql, want := range map[string]string{
		"SELECT x::text FROM docs": `<?xml version="1.1"?><a>ü</a>`, "SELECT n FROM names": strings.Repeat("ü", 31),
		"SELECT t || b || j || jb || v || l::text FROM texts": `größerü"ü""ü"'ü'{ü}`, "SELECT m::numeric FROM cash": "1234.50",
	} {
		if got := pgtest.Query(t, dst, sql)[0][0]; got != want {
			t.Errorf("%s: %s, not %s", sql, got, want)
		}
	}
}

// Bytes that are no text in the source's own encoding are the same error, in the same place.
func TestFormatsOfWrongBytes(t *testing.T) {
	t.Parallel()
	bytes := pgtest.DatabaseOn(t, pgtest.Server(t), "TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
	pgtest.Exec(t, bytes, `CREATE TABLE spoiled (id int, t text); INSERT INTO spoiled VALUES (1, 'ü'), (2, E'\xE9t\xE9')`)
	for _, format := range []Format{FormatAuto, FormatText} {
		_, err := Copy(t.Context(), Options{Source: bytes, Target: pgtest.DatabaseOn(t, pgtest.Second(t)), Jobs: 1, Format: format})
		if err == nil || IsRefused(err) || !strings.Contains(err.Error(), "public.spoiled") || !strings.Contains(err.Error(), "invalid byte sequence") ||
			!strings.Contains(err.Error(), "in column t of row 2") {
			t.Errorf("format %d: %v", format, err)
		}
	}
}

// A resume may choose other formats than the run before: what has arrived stays.
func TestResumeInAnotherFormat(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	halfway(t, src, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Resume: Resume, Format: FormatText})
	c.ok()
	if s := c.opt.Progress.Snapshot(); s.Data.TablesDone != 4 || s.Data.EarlierRows != 150 || s.Data.Rows != 2000 {
		t.Errorf("tables %d, rows of before %d, of now %d", s.Data.TablesDone, s.Data.EarlierRows, s.Data.Rows)
	}
	sameTables(t, src, dst)
}

// An array may take more than 1 GB in binary where it does not as text.
func TestRowTooLongInBinary(t *testing.T) {
	t.Parallel()
	if !long() {
		t.Skip("it takes a server some GB of memory: PGSLUICE_LONG=1")
	}
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, `CREATE TABLE large AS SELECT 1 AS id, array_fill(7::int8, ARRAY[90000000]) AS l; CREATE TABLE blob AS SELECT convert_to(repeat('x', 600000000), 'UTF8') AS b`)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 1})
	const sums = "SELECT (SELECT array_length(l, 1) || ' ' || l[1] || ' ' || l[90000000] FROM large) || ' ' || (SELECT md5(b) FROM blob)"
	if want, got := pgtest.Query(t, src, sums)[0][0], pgtest.Query(t, dst, sums)[0][0]; got != want {
		t.Errorf("arrived as %s, not %s", got, want)
	}
}
