package catalog

import (
	"reflect"
	"slices"
	"testing"

	"pgsluice/internal/pgtest"
)

func TestCutsByWeight(t *testing.T) {
	t.Parallel()
	even := func(n int, weight float64) (samples []sample) {
		for i := range n {
			samples = append(samples, sample{at: int64(10 * i), block: int64(10 * i), weight: weight})
		}
		return samples
	}
	heavyEnd := even(100, 1)
	for i := 90; i < 100; i++ {
		heavyEnd[i].weight = 100
	}
	for _, c := range []struct {
		name    string
		samples []sample
		n       int
		want    []int64
	}{
		{"even", even(100, 5), 4, []int64{250, 500, 750}},
		{"heavy end", heavyEnd, 4, []int64{920, 950, 980}},
		{"one block holds nearly all", []sample{{at: 0, weight: 1}, {at: 1, weight: 1000}, {at: 2, weight: 1}}, 10, []int64{2}},
		{"nothing seen", nil, 4, nil},
		{"the same key again and again", []sample{{at: 7, weight: 1}, {at: 7, weight: 1}, {at: 7, weight: 1}}, 3, []int64{7}},
	} {
		if got := cuts(c.samples, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
	}
}

func TestInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		of   func(i int64) int64
		want bool
	}{
		{"rising", func(i int64) int64 { return i * i }, true},
		{"falling", func(i int64) int64 { return -i }, true},
		{"scattered", func(i int64) int64 { return i * 7919 % 1009 }, false},
	} {
		var samples []sample
		for i := range int64(1000) {
			samples = append(samples, sample{at: c.of(i), block: i})
		}
		slices.SortFunc(samples, func(x, y sample) int { return int(x.at - y.at) })
		if got := inOrder(samples); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The parts of a real table: by its blocks, by where its TOAST is, and by its key where the server can't read ranges of blocks.
func TestCut(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, `
CREATE TABLE "plain; --" (id int PRIMARY KEY, v text);
INSERT INTO "plain; --" SELECT i, repeat('x', 200) FROM generate_series(1, 40000) AS i;
CREATE TABLE toasted (id int PRIMARY KEY, pad text, "a ""b" text);
ALTER TABLE toasted ALTER "a ""b" SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT i, repeat('x', 200), CASE WHEN i > 18000 THEN repeat('y', 5000) ELSE '' END FROM generate_series(1, 20000) AS i;
CREATE TABLE scattered (id int PRIMARY KEY, v text);
INSERT INTO scattered SELECT (i * 7919::bigint) % 40009, repeat('x', 200) FROM generate_series(1, 40000) AS i;
CREATE TABLE keyless (v text);
INSERT INTO keyless SELECT repeat('x', 200) FROM generate_series(1, 40000) AS i;
CREATE TABLE empty (id int PRIMARY KEY)`)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), "BEGIN").ReadAll(); err != nil {
		t.Fatal(err)
	}
	source, err := ReadSource(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	cut := func(name string, version, n int) Split {
		t.Helper()
		for _, r := range source.Relations {
			if r.Name == "public."+name {
				split, err := Cut(t.Context(), conn, version, r, n)
				if err != nil {
					t.Fatal(err)
				}
				return split
			}
		}
		t.Fatal(name)
		return Split{}
	}
	shares := func(name, weight, column string, cuts []int64) (shares []float64) {
		for i := range len(cuts) + 1 {
			condition := "true"
			if i > 0 {
				condition += " AND " + column + " >= " + pgtest.Scalar[string](t, url, "SELECT $1::int8::text", cuts[i-1])
			}
			if i < len(cuts) {
				condition += " AND " + column + " < " + pgtest.Scalar[string](t, url, "SELECT $1::int8::text", cuts[i])
			}
			shares = append(shares, pgtest.Scalar[float64](t, url, "SELECT sum("+weight+") FILTER (WHERE "+condition+")::float8 / sum("+weight+") FROM "+name))
		}
		return shares
	}
	const block = "(ctid::text::point)[0]::int8"
	for _, c := range []struct {
		table, column, weight, by string
		version                   int
	}{
		{`"plain; --"`, "", "1", block, 150000},
		{"toasted", "", `length(pad || "a ""b")`, block, 150000},
		{`"plain; --"`, "id", "1", "id", 130000},
		{"toasted", "id", `length(pad || "a ""b")`, "id", 130000},
	} {
		split := cut(c.table, c.version, 5)
		if split.Column != c.column || len(split.Cuts) != 4 || !slices.IsSorted(split.Cuts) || split.Why != "" {
			t.Errorf("%s, %d: %+v", c.table, c.version, split)
			continue
		}
		for i, share := range shares(c.table, c.weight, c.by, split.Cuts) {
			if share < 0.1 || share > 0.3 {
				t.Errorf("%s, %d: part %d of 5 has %.2f of it (%v)", c.table, c.version, i+1, share, split.Cuts)
			}
		}
	}
	for name, version := range map[string]int{"scattered": 130000, "keyless": 130000} {
		if split := cut(name, version, 5); len(split.Cuts) > 0 || split.Why == "" {
			t.Errorf("%s: %+v", name, split)
		}
	}
	if split := cut("empty", 150000, 5); !reflect.DeepEqual(split, Split{}) {
		t.Errorf("empty: %+v", split)
	}
}
