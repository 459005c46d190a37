package preflight

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

func facts(change func(*catalog.Facts)) *catalog.Facts {
	f := &catalog.Facts{Version: 150018, VersionText: "15.18", Database: "x", User: "me", Encoding: "UTF8", LockSlots: 6400, FreeConnections: 100}
	if change != nil {
		change(f)
	}
	return f
}

func around(change func(*catalog.Circumstances)) *catalog.Circumstances {
	c := &catalog.Circumstances{
		MaxWALSize: 1 << 30, TempFileLimit: -1, WALLevel: "replica", MayCreate: true, HasPublic: true, MayCreateInPublic: true, DelayLimit: "30s", DatabaseBytes: 5e9,
	}
	change(c)
	return c
}

func locale(change func(*catalog.Locale)) catalog.Locale {
	l := catalog.Locale{Provider: "libc", Collate: "de_DE.utf8", CType: "de_DE.utf8", Name: "de_DE.utf8", Recorded: "2.36", Actual: "2.36"}
	if change != nil {
		change(&l)
	}
	return l
}

func planOf(entries ...archive.Entry) *plan.Plan {
	p := &plan.Plan{}
	for i := range entries {
		p.Tasks = append(p.Tasks, &plan.Task{ID: i, Entry: &entries[i], Desc: entries[i].Desc, Name: entries[i].Tag})
	}
	return p
}

// What the facts of servers that are not at hand, or not in that state, say. Those of servers that are, package transfer tests.
func TestFindings(t *testing.T) {
	t.Parallel()
	pair := func(src, dst func(*catalog.Facts)) []Finding {
		return Pair{Source: facts(src), Target: facts(dst), TargetName: "x at db:5432", SourceConnections: 6, TargetConnections: 4}.Servers()
	}
	standby := func(f *catalog.Facts) { f.InRecovery = true }
	for name, tt := range map[string]struct {
		findings []Finding
		want     string // level and words of the only one; "" for none
	}{
		"two servers":          {pair(nil, nil), ""},
		"a version to come":    {version(Source, facts(func(f *catalog.Facts) { f.Version, f.VersionText = 190000, "19beta1" })), "warning|source: server version 19beta1 is newer than 18"},
		"an older target":      {pair(func(f *catalog.Facts) { f.Version, f.VersionText = 170002, "17.2" }, nil), "warning|target: its version, 15.18, is older than the source's, 17.2"},
		"minor versions":       {pair(func(f *catalog.Facts) { f.Version, f.VersionText = 150019, "15.19" }, nil), ""},
		"LATIN1 into UTF8":     {pair(func(f *catalog.Facts) { f.Encoding = "LATIN1" }, nil), "warning|count characters"},
		"UTF8 into LATIN1":     {pair(nil, func(f *catalog.Facts) { f.Encoding = "LATIN1" }), "warning|target: its encoding is LATIN1, the source's UTF8: text is converted, and what can't be is an error"},
		"the same rules":       {Locales(locale(nil), locale(nil), 3), ""},
		"newer rules":          {Locales(locale(nil), locale(func(l *catalog.Locale) { l.Recorded, l.Actual = "2.41", "2.41" }), 0), "note|version 2.41, the source's of 2.36: some text is sorted in another order; indexes are built anew"},
		"newer rules, ranges":  {Locales(locale(nil), locale(func(l *catalog.Locale) { l.Recorded, l.Actual = "2.41", "2.41" }), 2), "warning|2 tables partitioned by ranges of text"},
		"unknown rules":        {Locales(locale(nil), locale(func(l *catalog.Locale) { l.Recorded, l.Actual = "", "" }), 2), ""},
		"a stale target":       {Locales(locale(nil), locale(func(l *catalog.Locale) { l.Recorded = "2.31" }), 0), "warning|target: it was made with version 2.31 of the rules of de_DE.utf8, and its server has 2.36"},
		"another ctype":        {Locales(locale(nil), locale(func(l *catalog.Locale) { l.CType = "C" }), 0), "warning|de_DE.utf8 (ctype C)"},
		"builtin":              {Locales(locale(func(l *catalog.Locale) { l.Provider, l.Name, l.Collate = "builtin", "C.UTF-8", "C" }), locale(nil), 0), "warning|BUILTIN_LOCALE 'C.UTF-8'"},
		"a locale of libc":     {Collations(Choices{}, nil, []catalog.Collation{{Schema: "s", Name: "c", Provider: "c", Locale: "sv_SE"}}), "warning|target: it may not have the locale sv_SE"},
		"old age":              {Condition(Choices{}, facts(nil), around(func(c *catalog.Circumstances) { c.FrozenAge = 600_000_000 })), "note|600 million transactions old, of 2147"},
		"very old age":         {Condition(Choices{}, facts(nil), around(func(c *catalog.Circumstances) { c.FrozenAge = 1_700_000_000 })), "warning|1700 million transactions"},
		"multixacts":           {Condition(Choices{}, facts(nil), around(func(c *catalog.Circumstances) { c.MultiAge = 600_000_000 })), "note|600 million multixacts"},
		"an ordinary age":      {Condition(Choices{}, facts(nil), around(func(c *catalog.Circumstances) { c.FrozenAge = 200_000_000 })), ""},
		"an old transaction":   {Condition(Choices{}, facts(nil), around(func(c *catalog.Circumstances) { c.Oldest, c.OldestSince = "pid 7", 3*time.Hour })), "note|a transaction is open for 3h0m0s: pid 7"},
		"a young one":          {Condition(Choices{}, facts(nil), around(func(c *catalog.Circumstances) { c.Oldest, c.OldestSince = "pid 7", time.Minute })), ""},
		"a standby":            {Condition(Choices{}, facts(standby), around(func(*catalog.Circumstances) {})), "warning|max_standby_streaming_delay = 30s"},
		"a standby that waits": {Condition(Choices{}, facts(standby), around(func(c *catalog.Circumstances) { c.DelayLimit = "-1" })), ""},
		"and one that tells":   {Condition(Choices{}, facts(standby), around(func(c *catalog.Circumstances) { c.Feedback = true })), ""},
		"one's schema only":    {Condition(Choices{SchemaOnly: true}, facts(standby), around(func(*catalog.Circumstances) {})), ""},
		"unlogged":             {Unlogged(facts(standby), &catalog.Source{Relations: map[uint32]*catalog.Relation{1: {Name: "public.u", Unlogged: true}, 2: {Name: "public.l"}}}), "warning|unlogged tables: public.u; copy from the primary"},
		"unlogged, no standby": {Unlogged(facts(nil), &catalog.Source{Relations: map[uint32]*catalog.Relation{1: {Name: "public.u", Unlogged: true}}}), ""},
		"policies, no rows":    {Readable(Choices{SchemaOnly: true}, "me", &catalog.Unreadable{Policies: []string{"t"}, LargeObjects: 3}), ""},
		"many tables":          {Readable(Choices{}, "me", &catalog.Unreadable{Tables: []string{"a", "b", "c", "d", "e", "f", "g"}}), "error|7 tables: a, b, c, d, e and 2 more; GRANT SELECT"},
		"a trusted extension":  {Extensions(Choices{}, []catalog.Extension{{Name: "hstore", Version: "1.8", Schema: "public"}}, map[string]catalog.Offer{"hstore": {Default: "1.8"}}, facts(nil), around(func(*catalog.Circumstances) {})), ""},
		"missing, and go on":   {Extensions(Choices{Continue: true}, []catalog.Extension{{Name: "x", Version: "1.8"}}, nil, facts(nil), around(func(*catalog.Circumstances) {})), "warning|does not have the extension"},
		"a small tree":         {Trees(6400, facts(nil)), ""},
		"public that comes":    {Public(Choices{}, planOf(archive.Entry{Desc: "SCHEMA", Tag: "public", Defn: "CREATE SCHEMA public;"}, archive.Entry{Desc: "TABLE", Namespace: "public"}), "me", "x", around(func(c *catalog.Circumstances) { c.HasPublic = false })), ""},
		"public unused":        {Public(Choices{}, planOf(archive.Entry{Desc: "TABLE", Namespace: "s"}), "me", "x", around(func(c *catalog.Circumstances) { c.MayCreateInPublic = false })), ""},
		"for superusers":       {Superusers(Choices{}, planOf(archive.Entry{Desc: "EVENT TRIGGER", Tag: "e"}), nil, facts(func(f *catalog.Facts) { f.Superuser = true }), around(func(*catalog.Circumstances) {})), ""},
		"an untrusted one":     {Superusers(Choices{}, planOf(archive.Entry{Desc: "FUNCTION", Tag: "f()", Defn: "CREATE FUNCTION public.f() RETURNS integer\n    LANGUAGE plpython3u\n    AS $$ LANGUAGE c $$;"}), []string{"plpython3u"}, facts(nil), around(func(*catalog.Circumstances) {})), "error|function in language plpython3u: f()"},
		"SQL about C":          {Superusers(Choices{}, planOf(archive.Entry{Desc: "FUNCTION", Tag: "f()", Defn: "CREATE FUNCTION public.f() RETURNS text\n    LANGUAGE sql\n    AS $$ SELECT ' LANGUAGE c ' $$;"}), nil, facts(nil), around(func(*catalog.Circumstances) {})), ""},
		"an enum":              {Superusers(Choices{}, planOf(archive.Entry{Desc: "TYPE", Tag: "e", Defn: "CREATE TYPE public.e AS ENUM (\n    'INTERNALLENGTH'\n);"}), nil, facts(nil), around(func(*catalog.Circumstances) {})), ""},
		"logical":              {Replication(planOf(archive.Entry{Desc: "PUBLICATION", Tag: "p"}), around(func(c *catalog.Circumstances) { c.WALLevel = "logical" })), ""},
		"a startup parameter":  {[]Finding{NotReached(Source, errors.New("unsupported startup parameter: options"))}, "error|source: unsupported startup parameter: options; a connection pooler"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			level, words, _ := strings.Cut(tt.want, "|")
			switch {
			case tt.want == "" && len(tt.findings) == 0:
			case tt.want != "" && len(tt.findings) == 1 && tt.findings[0].Level.String() == level && strings.Contains(tt.findings[0].String(), words):
			default:
				t.Errorf("%d findings, want %q: %v", len(tt.findings), tt.want, tt.findings)
			}
		})
	}
}

func TestOlder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"1.9", "1.10", true}, {"1.10", "1.9", false}, {"3", "3.1", true}, {"2.0", "2.0", false}, {"1.2-dev", "1.3", true}, {"unpackaged", "1.0", false}} {
		if older(tt.a, tt.b) != tt.want {
			t.Errorf("older(%s, %s) is not %v", tt.a, tt.b, tt.want)
		}
	}
}

// One error is a sentence, several are a line each, and no name in them makes a line of its own.
func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("no route")
	first := Of(Source, fmt.Errorf("x: %w", cause))
	second := Finding{Side: Target, What: "table \"a\nb\" is \x1b[31mred\u009b", Do: "rename it"}
	harmless := Finding{Level: Warning, What: "rain"}
	if err := Stopping([]Finding{harmless}); err != nil {
		t.Error(err)
	}
	err := Stopping([]Finding{first, harmless})
	if err == nil || err.Error() != "source: x: no route" || !errors.Is(err, cause) {
		t.Errorf("one: %v", err)
	}
	err = Stopping([]Finding{second, harmless, first})
	const want = "2 things stand in the way:\n  target: table \"a\\x0ab\" is \\x1b[31mred\\x9b; rename it\n  source: x: no route"
	if err == nil || err.Error() != want || !errors.Is(err, cause) {
		t.Errorf("two: %v", err)
	}
	if Blocked([]Finding{second}) || !Blocked([]Finding{second, first}) {
		t.Error("only what can't be reached blocks")
	}
	text, jsonErr := json.Marshal(second)
	if want := `{"level":"error","side":"target","what":"table \"a\nb\" is \u001b[31mred` + "\u009b" + `","do":"rename it"}`; jsonErr != nil || string(text) != strings.ReplaceAll(want, "a\nb", `a\nb`) {
		t.Errorf("%s, error %v", text, jsonErr)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.00 kB", 9_995: "10.0 kB", 812_345_678: "812 MB", 999_600_000: "1.00 GB", 81_920_000_000: "81.9 GB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) is %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{1 << 30: "1GB", 1 << 20: "1MB", 1536 << 20: "1536MB", 4 << 40: "4TB", 8 << 10: "8kB"} {
		if got := power(n); got != want {
			t.Errorf("power(%d) is %s, want %s", n, got, want)
		}
	}
}
