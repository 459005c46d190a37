package plan_test

import (
	"maps"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// builtin are types as catalog.ReadLayout reads them.
var builtin = []*catalog.Type{
	{OID: 23, Schema: "pg_catalog", Name: "int4", Kind: 'b', Sends: true, Receives: true},
	{OID: 19, Schema: "pg_catalog", Name: "name", Kind: 'b', Sends: true, Receives: true},
	{OID: 142, Schema: "pg_catalog", Name: "xml", Kind: 'b', Sends: true, Receives: true},
	{OID: 790, Schema: "pg_catalog", Name: "money", Kind: 'b', Sends: true, Receives: true},
	{OID: 1007, Schema: "pg_catalog", Name: "_int4", Kind: 'b', Array: true, Sends: true, Receives: true, Inner: members(23)},
	{OID: 1033, Schema: "pg_catalog", Name: "aclitem", Kind: 'b'},
	{OID: 1114, Schema: "pg_catalog", Name: "timestamp", Kind: 'b', Sends: true, Receives: true},
	{OID: 1184, Schema: "pg_catalog", Name: "timestamptz", Kind: 'b', Sends: true, Receives: true},
	{OID: 1043, Schema: "pg_catalog", Name: "varchar", Kind: 'b', Sends: true, Receives: true},
	{OID: 1186, Schema: "pg_catalog", Name: "interval", Kind: 'b', Sends: true, Receives: true},
	{OID: 3615, Schema: "pg_catalog", Name: "tsquery", Kind: 'b', Sends: true, Receives: true},
	{OID: 4096, Schema: "pg_catalog", Name: "regrole", Kind: 'b', Sends: true, Receives: true},
	{OID: 4097, Schema: "pg_catalog", Name: "_regrole", Kind: 'b', Array: true, Sends: true, Receives: true, Inner: members(4096)},

	{OID: 13000, Schema: "information_schema", Name: "sql_identifier", Kind: 'd', Sends: true, Receives: true, Inner: members(19)},
	{OID: 20000, Schema: "s", Name: "mood", Kind: 'e', Sends: true, Receives: true},
	{OID: 20001, Schema: "s", Name: "_mood", Kind: 'b', Array: true, Sends: true, Receives: true, Inner: members(20000)},
	{OID: 20002, Schema: "s", Name: "pair", Kind: 'c', Sends: true, Receives: true, Inner: members(23, 1114)},
	{OID: 20003, Schema: "s", Name: "with mood", Kind: 'c', Sends: true, Receives: true, Inner: members(23, 20000)},
	{OID: 20004, Schema: "s", Name: "who", Kind: 'd', Sends: true, Receives: true, Inner: members(4097)},
	{OID: 20005, Schema: "s", Name: "self", Kind: 'c', Sends: true, Receives: true, Inner: members(20006, 20004)}, // as no server lets it
	{OID: 20006, Schema: "s", Name: "_self", Kind: 'b', Array: true, Sends: true, Receives: true, Inner: members(20005)},
	{OID: 20007, Schema: "s", Name: "own", Kind: 'b', Sends: true, Receives: true},
	{OID: 20008, Schema: "s", Name: "citext", Kind: 'b', Sends: true, Receives: true, Extension: "citext"},
	{OID: 20009, Schema: "s", Name: "_citext", Kind: 'b', Array: true, Sends: true, Receives: true, Inner: members(20008)},
	{OID: 20010, Schema: "s", Name: "quiet", Kind: 'b', Receives: true, Extension: "citext"},
	{OID: 20011, Schema: "s", Name: "moods", Kind: 'r', Sends: true, Receives: true, Inner: members(20000)},
}

func members(oids ...uint32) []catalog.Column {
	var columns []catalog.Column
	for _, oid := range oids {
		columns = append(columns, catalog.Column{Type: oid, Mod: -1})
	}
	return columns
}

func layout(version int, tables ...*catalog.TableLayout) *catalog.Layout {
	l := &catalog.Layout{
		Version: version, Encoding: "UTF8", Monetary: "C", Tables: map[uint32]*catalog.TableLayout{}, Types: map[uint32]*catalog.Type{},
		Extensions: map[string]string{"citext": "1.6"},
	}
	for i, t := range tables {
		l.Tables[uint32(30000+i)] = t
	}
	for _, t := range builtin {
		l.Types[t.OID] = t
	}
	return l
}

// formatOf is how a table goes that is the first one of f.Source.
func formatOf(t *testing.T, f plan.Formats) *plan.Task {
	t.Helper()
	toc := &archive.TOC{Entries: []archive.Entry{{
		DumpID: 1, Desc: "TABLE DATA", Tag: "t", Namespace: "s", Section: archive.DataSection, HadDumper: true, CatalogID: archive.CatalogID{OID: 30000},
		CopyStmt: "COPY s.t (c) FROM stdin;\n",
	}}}
	source := &catalog.Source{Relations: map[uint32]*catalog.Relation{30000: {OID: 30000, Parent: 30001}, 30001: {OID: 30001}}}
	p, err := plan.Build(toc, source, plan.Choices{Formats: &f})
	if err != nil {
		t.Fatal(err)
	}
	task := p.Tasks[0]
	if task.Binary != (task.AsText == "") || task.Binary != strings.Contains(task.Out()+task.In(), "(FORMAT binary)") {
		t.Errorf("binary is %t, text for the reason %q: %s; %s", task.Binary, task.AsText, task.Out(), task.In())
	}
	return task
}

func TestFormatOfTypes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typ    uint32
		change func(*plan.Formats)
		why    string
	}{
		"int4": {23, nil, ""}, "an array": {1007, nil, ""}, "an enum": {20000, nil, ""}, "an array of enums": {20001, nil, ""}, "a row": {20002, nil, ""},
		"a range of an enum": {20011, nil, ""}, "an extension's": {20008, nil, ""}, "money": {790, nil, ""}, "xml": {142, nil, ""}, "name": {19, nil, ""},
		"interval": {1186, nil, ""},

		"regrole":           {4096, nil, "column c is regrole, whose OIDs differ between databases"},
		"its array":         {4097, nil, "column c is regrole[], which holds regrole, whose OIDs differ between databases"},
		"a domain over it":  {20004, nil, "column c is s.who, which holds regrole, whose OIDs differ between databases"},
		"a row with itself": {20006, nil, "column c is s.self[], which holds regrole, whose OIDs differ between databases"},
		"aclitem":           {1033, nil, "column c is aclitem, which has no binary form"},
		"only received":     {20010, nil, "column c is s.quiet, which has no binary form"},
		"tsquery":           {3615, nil, "column c is tsquery, whose empty value has a binary form that PostgreSQL itself does not take"},
		"own base type":     {20007, nil, "column c is s.own, a base type that no extension made: the target's may be another"},
		"not found":         {99999, nil, "column c is of a type that was not found"},

		"other money":            {790, func(f *plan.Formats) { f.Target.Monetary = "de_DE" }, "column c is money, and lc_monetary is C on the source and de_DE on the target"},
		"xml of LATIN1":          {142, func(f *plan.Formats) { f.Source.Encoding = "LATIN1" }, "column c is xml, whose binary form has an encoding written into it"},
		"a name of another":      {19, func(f *plan.Formats) { f.Target.Encoding = "LATIN1" }, "column c is name, which may be too long in the target's encoding and is only cut as text"},
		"a domain over it, too":  {13000, func(f *plan.Formats) { f.Target.Encoding = "LATIN1" }, "column c is information_schema.sql_identifier, which holds name, which may be too long in the target's encoding and is only cut as text"},
		"interval into 17":       {1186, func(f *plan.Formats) { f.Target.Version = 170000 }, "column c is interval, which is infinite from PostgreSQL 17 on where others mean a long one"},
		"interval from 17":       {1186, func(f *plan.Formats) { f.Source.Version = 180001 }, "column c is interval, which is infinite from PostgreSQL 17 on where others mean a long one"},
		"interval, both of 17":   {1186, func(f *plan.Formats) { f.Source.Version, f.Target.Version = 180001, 170000 }, ""},
		"enums into 13":          {20001, into13, "column c is s.mood[], whose binary form names types by OIDs that differ between databases, and PostgreSQL 13 wants its own"},
		"a row with one into 13": {20003, into13, `column c is s."with mood", whose binary form names types by OIDs that differ between databases, and PostgreSQL 13 wants its own`},
		"an enum into 13":        {20000, into13, ""}, "a row into 13": {20002, into13, ""}, "an array into 13": {1007, into13, ""}, "a domain into 13": {13000, into13, ""},
		"a range into 13": {20011, into13, ""},

		"another version":       {20009, offering(catalog.Offer{Installed: "1.5", Default: "1.6"}), "column c is s.citext[], which holds s.citext, of extension citext, which is version 1.6 on the source and 1.5 on the target"},
		"the same, installed":   {20008, offering(catalog.Offer{Installed: "1.6", Default: "1.8"}), ""},
		"the same, to be made":  {20008, offering(catalog.Offer{Default: "1.6"}), ""},
		"another, to be made":   {20008, offering(catalog.Offer{Default: "1.7"}), "column c is s.citext, of extension citext, which is version 1.6 on the source and 1.7 on the target"},
		"none":                  {20008, offering(catalog.Offer{}), "column c is s.citext, of extension citext, whose version on the target is not known"},
		"dropped, another made": {20008, anew(catalog.Offer{Installed: "1.6", Default: "1.8"}), "column c is s.citext, of extension citext, which is version 1.6 on the source and 1.8 on the target"},
		"may stay or be made":   {20008, anew(catalog.Offer{Installed: "1.5", Default: "1.6"}), "column c is s.citext, of extension citext, which is version 1.6 on the source and 1.5 on the target"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := catalog.NewTableLayout(`"s"."t"`, catalog.Column{Name: "a", Type: 23, Mod: -1}, catalog.Column{Name: "c", Type: tt.typ, Mod: -1})
			f := plan.Formats{Source: layout(150018, table), Target: layout(150018), Offers: map[string]catalog.Offer{"citext": {Installed: "1.6"}}}
			if tt.change == nil {
				f.Target, f.Offers = nil, nil // a server like the source's
			} else {
				tt.change(&f)
			}
			if got := formatOf(t, f).AsText; got != tt.why {
				t.Errorf("text for the reason %q, not %q", got, tt.why)
			}
		})
	}
}

func into13(f *plan.Formats) { f.Target.Version = 130022 }

func offering(o catalog.Offer) func(*plan.Formats) {
	return func(f *plan.Formats) { f.Offers = map[string]catalog.Offer{"citext": o} }
}

func anew(o catalog.Offer) func(*plan.Formats) {
	return func(f *plan.Formats) { f.Offers, f.Anew = map[string]catalog.Offer{"citext": o}, true }
}

// A table that an extension made is what its version there makes it.
func TestFormatOfExtensionTable(t *testing.T) {
	t.Parallel()
	table := catalog.NewTableLayout(`"s"."t"`, catalog.Column{Name: "c", Type: 23, Mod: -1})
	table.Extension = "citext"
	for version, why := range map[string]string{"1.6": "", "1.5": "it is of extension citext, which is version 1.6 on the source and 1.5 on the target"} {
		f := plan.Formats{Source: layout(150018, table), Target: layout(150018), Offers: map[string]catalog.Offer{"citext": {Installed: version}}}
		if got := formatOf(t, f).AsText; got != why {
			t.Errorf("version %s: %q", version, got)
		}
	}
}

// Tables that are there may have other columns.
func TestFormatIntoTablesThatAreThere(t *testing.T) {
	t.Parallel()
	const hostile = `"; drop table x --` + "\n"
	column := func(typ uint32, mod int32) catalog.Column { return catalog.Column{Name: hostile, Type: typ, Mod: mod} }
	for name, tt := range map[string]struct {
		source, target catalog.Column
		change         func(types map[uint32]*catalog.Type) // of the target
		why            string
	}{
		"the same":          {column(20002, -1), column(20002, -1), nil, ""},
		"timestamptz":       {column(1114, -1), column(1184, -1), nil, "timestamp on the source and timestamptz on the target"},
		"a length":          {column(1043, 14), column(1043, -1), nil, "varchar with another length or precision on the target"},
		"an array":          {column(1007, -1), column(23, -1), nil, "int4[] on the source and int4 on the target"},
		"another's OIDs":    {column(20002, -1), column(50002, -1), moved(nil), ""},
		"another member":    {column(20002, -1), column(50002, -1), moved(func(t *catalog.Type) { t.Inner = members(23, 1184) }), "s.pair, which is defined otherwise on the target"},
		"one more member":   {column(20002, -1), column(50002, -1), moved(func(t *catalog.Type) { t.Inner = members(23, 1114, 23) }), "s.pair, which is defined otherwise on the target"},
		"another precision": {column(20002, -1), column(50002, -1), moved(func(t *catalog.Type) { t.Inner = members(23, 1114); t.Inner[1].Mod = 3 }), "s.pair, which is defined otherwise on the target"},
		"another kind":      {column(20002, -1), column(50002, -1), moved(func(t *catalog.Type) { t.Kind = 'd' }), "s.pair, which is defined otherwise on the target"},
		"another name":      {column(20002, -1), column(50002, -1), moved(func(t *catalog.Type) { t.Schema = "z" }), "s.pair on the source and z.pair on the target"},
		"holds itself":      {column(20006, -1), column(20006, -1), nil, "s.self[], which holds regrole, whose OIDs differ between databases"},
		"not found":         {column(23, -1), column(99999, -1), nil, "int4 on the source and type 99999 on the target"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := catalog.Column{Name: "id", Type: 23, Mod: -1}
			for _, into := range []string{`"s"."t"`, `"s"."root"`} { // the root where the partition is missing
				source := layout(150018, catalog.NewTableLayout(`"s"."t"`, id, tt.source), catalog.NewTableLayout(`"s"."root"`, tt.source, id))
				target := layout(150018, catalog.NewTableLayout(`"s"."other"`), catalog.NewTableLayout(into, tt.target, id))
				if tt.change != nil {
					tt.change(target.Types)
				}
				want := tt.why
				if want != "" {
					want = "column " + archive.FormatIdent(hostile) + " is " + want
				}
				if got := formatOf(t, plan.Formats{Source: source, Target: target}).AsText; got != want {
					t.Errorf("into %s: text for the reason %q, not %q", into, got, want)
				}
			}
		})
	}
}

// moved gives s.pair another OID and changes it.
func moved(change func(*catalog.Type)) func(map[uint32]*catalog.Type) {
	return func(types map[uint32]*catalog.Type) {
		pair := *types[20002]
		pair.OID = 50002
		if change != nil {
			change(&pair)
		}
		maps.DeleteFunc(types, func(oid uint32, _ *catalog.Type) bool { return oid == 20002 })
		types[50002] = &pair
	}
}

// The format is no part of a task's key: a resume may choose another.
func TestFormatIsNotInTheKey(t *testing.T) {
	t.Parallel()
	table := catalog.NewTableLayout(`"s"."t"`, catalog.Column{Name: "c", Type: 23, Mod: -1})
	binary := formatOf(t, plan.Formats{Source: layout(150018, table)})
	unknown := formatOf(t, plan.Formats{Source: layout(150018)})
	if !binary.Binary || unknown.Binary || unknown.AsText != "its columns were not found" || binary.Key != unknown.Key {
		t.Errorf("%+v, %+v", binary, unknown)
	}
}
