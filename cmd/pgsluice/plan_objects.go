package main

import (
	"cmp"
	"slices"
	"strings"

	"pgsluice/internal/plan"
)

// objectKind is how many objects of one kind a plan makes.
type objectKind struct {
	Kind string `json:"kind"` // in lower case, singular
	N    int    `json:"objects"`
}

// notObjects are entries that are a part of others, and not counted.
var notObjects = map[string]bool{
	"TABLE DATA": true, "SEQUENCE SET": true, "SEQUENCE OWNED BY": true, "INDEX ATTACH": true, "TABLE ATTACH": true, "MATERIALIZED VIEW DATA": true,
	"DATABASE PROPERTIES": true, "BLOBS": true, "BLOB": true, "BLOB METADATA": true, "PUBLICATION TABLE": true, "SHELL TYPE": true,
	plan.Analyze: true, "ROW SECURITY": true,
}

var kindNames = map[string]string{
	"ACL": "privilege", "DEFAULT ACL": "default privilege", "FK CONSTRAINT": "foreign key", "CONSTRAINT": "key", "DEFAULT": "column default",
	"EXTENSION": "extension", "STATISTICS": "statistics object", "CHECK CONSTRAINT": "check constraint",
}

// objectKinds counts the entries of a plan by their kinds, the most frequent first.
func objectKinds(p *plan.Plan) []objectKind {
	counts := map[string]int{}
	seen := map[int]bool{}
	objects := 0
	for _, t := range p.Tasks {
		objects += len(t.OIDs)
		if notObjects[t.Entry.Desc] || seen[t.Entry.DumpID] {
			continue
		}
		seen[t.Entry.DumpID] = true
		kind := kindNames[t.Entry.Desc]
		if kind == "" {
			kind = strings.ToLower(t.Entry.Desc)
		}
		counts[kind]++
	}
	if objects > 0 {
		counts["large object"] = objects
	}
	kinds := make([]objectKind, 0, len(counts))
	for kind, n := range counts {
		kinds = append(kinds, objectKind{kind, n})
	}
	slices.SortFunc(kinds, func(x, y objectKind) int {
		return cmp.Or(cmp.Compare(turn(x.Kind), turn(y.Kind)), cmp.Compare(y.N, x.N), cmp.Compare(x.Kind, y.Kind))
	})
	return kinds
}

// turn puts first what most ask for.
func turn(kind string) int {
	if i := slices.Index([]string{"table", "large object", "index", "key", "foreign key", "view", "materialized view", "sequence", "function"}, kind); i >= 0 {
		return i
	}
	return 100
}

func (k objectKind) plural() string {
	switch {
	case k.N == 1:
		return k.Kind
	case strings.HasSuffix(k.Kind, "x"), strings.HasSuffix(k.Kind, "ss"):
		return k.Kind + "es"
	case strings.HasSuffix(k.Kind, "y") && !strings.HasSuffix(k.Kind, "ey"):
		return strings.TrimSuffix(k.Kind, "y") + "ies"
	}
	return k.Kind + "s"
}
