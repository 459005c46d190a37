package plan_test

import (
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/plan"
)

// kindsOf lists the descriptions in a plan, and for comments, labels and privileges what they are on.
func kindsOf(p *plan.Plan) []string {
	var all []string
	for _, t := range p.Tasks {
		kind := t.Desc
		switch kind {
		case "COMMENT", "ACL", "SECURITY LABEL":
			for _, on := range []string{"DATABASE", "EVENT TRIGGER", "LARGE OBJECT", "PUBLICATION", "SUBSCRIPTION", "SCHEMA", "TABLE", "COLUMN"} {
				if strings.HasPrefix(t.Entry.Tag, on) {
					kind += " " + on
				}
			}
		}
		all = append(all, kind)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// difference gives what of a is not in b.
func difference(a, b []string) string {
	var only []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			only = append(only, s)
		}
	}
	return strings.Join(only, ", ")
}

// Each option leaves out what pg_restore's option of the same name does (_tocEntryRequired), and nothing else.
func TestWanted(t *testing.T) {
	toc := readTOC(t, "shapes17")
	all := kindsOf(build(t, toc, plan.Choices{}))
	data := "ACL LARGE OBJECT, ANALYZE, BLOB METADATA, BLOBS, COMMENT LARGE OBJECT, MATERIALIZED VIEW DATA, SEQUENCE SET, TABLE DATA"
	for name, c := range map[string]struct {
		choices       plan.Choices
		without, plus string
	}{
		"no-acl": {
			choices: plan.Choices{NoACL: true},
			without: "ACL COLUMN, ACL DATABASE, ACL LARGE OBJECT, ACL SCHEMA, ACL TABLE, DEFAULT ACL",
		},
		"no-comments": {
			choices: plan.Choices{NoComments: true},
			without: "COMMENT DATABASE, COMMENT EVENT TRIGGER, COMMENT LARGE OBJECT, COMMENT PUBLICATION",
		},
		"no-publications": {
			choices: plan.Choices{NoPublications: true},
			without: "COMMENT PUBLICATION, PUBLICATION, PUBLICATION TABLE",
		},
		"no-db-settings": {
			choices: plan.Choices{NoDBSettings: true},
			without: "ACL DATABASE, COMMENT DATABASE, DATABASE PROPERTIES",
		},
		"subscriptions": {choices: plan.Choices{Subscriptions: true}, plus: "COMMENT SUBSCRIPTION, SUBSCRIPTION"},
		"no-owner":      {choices: plan.Choices{NoOwner: true}},
		"schema-only":   {choices: plan.Choices{SchemaOnly: true}, without: "ACL LARGE OBJECT, ANALYZE, BLOB METADATA, BLOBS, COMMENT LARGE OBJECT, MATERIALIZED VIEW DATA, SEQUENCE SET, TABLE DATA"},
		"data-only":     {choices: plan.Choices{DataOnly: true}, without: difference(all, strings.Split(data, ", "))},
		"data-only without privileges": {
			choices: plan.Choices{DataOnly: true, NoACL: true, Subscriptions: true},
			without: difference(all, strings.Split(strings.TrimPrefix(data, "ACL LARGE OBJECT, "), ", ")),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := kindsOf(build(t, toc, c.choices))
			if without := difference(all, got); without != c.without {
				t.Errorf("without %s\n  not %s", without, c.without)
			}
			if plus := difference(got, all); plus != c.plus {
				t.Errorf("more: %s, not %s", plus, c.plus)
			}
		})
	}
}

// What is left out without being asked for is said, but not in a copy that has no schema to make.
func TestLeftOut(t *testing.T) {
	toc := readTOC(t, "shapes17")
	left := build(t, toc, plan.Choices{}).LeftOut
	if len(left) != 2 || left[0].Object != "subscription sub" || !strings.Contains(left[0].Reason, "--subscriptions") ||
		left[1].Object != "index public.broken" || !strings.Contains(left[1].Reason, "invalid on the source") {
		t.Errorf("left out: %+v", left)
	}
	for name, c := range map[string]plan.Choices{"asked for": {Subscriptions: true}, "data only": {DataOnly: true}} {
		if left := build(t, toc, c).LeftOut; len(left) > 1 || len(left) == 1 && (c.DataOnly || left[0].Object != "index public.broken") {
			t.Errorf("%s: %+v", name, left)
		}
	}
}

// --no-tablespaces and --no-owner change statements, not what is made.
func TestStatementsWithoutTablespacesAndOwners(t *testing.T) {
	toc := readTOC(t, "shapes17")
	with, without := build(t, toc, plan.Choices{}), build(t, toc, plan.Choices{NoTablespaces: true, NoOwner: true})
	spaces := 0
	for i, task := range with.Tasks {
		other := without.Tasks[i]
		if other.Owner != "" {
			t.Errorf("%s: %s", other.Name, other.Owner)
		}
		kept := slices.DeleteFunc(slices.Clone(task.Statements), func(sql string) bool {
			return strings.HasPrefix(sql, "SET LOCAL default_tablespace")
		})
		spaces += len(task.Statements) - len(kept)
		if task.Entry.Desc == "SCHEMA" {
			kept = []string{"CREATE SCHEMA \"Odd Schema\";\n"} // an AUTHORIZATION clause of an old pg_dump would name a role
		}
		if !slices.Equal(kept, other.Statements) {
			t.Errorf("%s: %q, not %q", task.Name, other.Statements, kept)
		}
	}
	if spaces != 2 {
		t.Errorf("%d entries with a tablespace, not 2", spaces)
	}
}

// The comment in lieu of CREATE SCHEMA public is no schema to create, whoever owns it.
func TestPublicSchema(t *testing.T) {
	for _, noOwner := range []bool{false, true} {
		toc, e := single("SCHEMA", "public", "", 2, "-- *not* dropping schema, since initdb creates it\n")
		e.Defn = "-- *not* creating schema, since initdb creates it\n"
		p := build(t, toc, plan.Choices{NoOwner: noOwner})
		task := p.Tasks[len(p.Tasks)-1]
		if !slices.Equal(task.Statements, []string{e.Defn}) || (task.Owner == "") != noOwner {
			t.Errorf("%q, owner %q", task.Statements, task.Owner)
		}
	}
}
