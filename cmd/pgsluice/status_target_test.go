package main

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/docs"
	"pgsluice/internal/transfer"
)

// jsonFields are the paths of all JSON fields of a type: copy.tables[].name.
func jsonFields(typ reflect.Type, prefix string) (paths []string) {
	switch {
	case typ.Kind() == reflect.Pointer:
		return jsonFields(typ.Elem(), prefix)
	case typ.Kind() == reflect.Slice:
		return jsonFields(typ.Elem(), prefix+"[]")
	case typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]():
		return nil
	}
	for i := range typ.NumField() {
		path := strings.TrimPrefix(prefix+"."+typ.Field(i).Tag.Get("json"), ".")
		paths = append(append(paths, path), jsonFields(typ.Field(i).Type, path)...)
	}
	return paths
}

func TestStatusJSONIsDocumented(t *testing.T) {
	t.Parallel()
	help, err := docs.Topic("resume")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(help, -1) {
		documented = append(documented, m[1])
	}
	if written := jsonFields(reflect.TypeFor[statusJSON](), ""); !reflect.DeepEqual(documented, written) {
		t.Errorf("documented:\n%s\n\nwritten:\n%s", strings.Join(documented, "\n"), strings.Join(written, "\n"))
	}
}

func hostileStatus() *transfer.Status {
	k := &transfer.Kept{
		ID: "X", Source: "shop\x1b[2J at db1", Options: "--no-acl", Began: time.Unix(0, 0), Tasks: 60, Done: 20,
		Phases: []transfer.KeptPhase{{Name: "data", Total: 50, Done: 10, Rows: 1, Bytes: 2}},
		Failed: []transfer.KeptFailure{{Phase: "indexes", Kind: "INDEX", Name: "public.\"; drop table x --\n", Error: "one\ntwo", There: true}},
		Snapshots: []transfer.KeptSnapshot{
			{Name: "a", Taken: time.Unix(1, 0), Tables: make([]string, 30)}, {Name: "b", Taken: time.Unix(2, 0), Tables: []string{"t"}},
		},
	}
	for range 40 {
		k.Tables = append(k.Tables, transfer.KeptTable{Name: strings.Repeat("n", 70), Parts: 3, Done: 1, ExpectedRows: 1 << 40, Expected: 1 << 60})
	}
	return &transfer.Status{Target: transfer.Endpoint{Host: "h", Port: 1, Database: "it's"}, Copy: k}
}

func TestStatusText(t *testing.T) {
	t.Parallel()
	got := newStatusText(hostileStatus(), "'a b'", 80).String()
	for _, want := range []string{
		`shop\x1b[2J at db1`, "\nTables not complete (40)\n", "  and 20 more: --format json lists all\n", `public."; drop table x --\x0a`,
		"it is there, but: one; two", "\nSnapshots (2): the rows are of different moments\n", "and 10 more",
		`  begin again: pgsluice copy SOURCE 'a b' --no-acl --restart --confirm 'it'\''s'`,
	} {
		if !strings.Contains(strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	for _, line := range strings.Split(got, "\n") {
		if len(line) > 80 && !strings.Contains(line, "pgsluice copy") && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("a line of %d columns: %s", len(line), line)
		}
	}
}

func TestStatusOfNobody(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]transfer.Status{
		"no copy is under way and none was left incomplete":                     {},
		"a copy is about to begin (pid 7 on the target":                         {AtWork: &transfer.AtWork{PID: "7"}},
		"seems to be dead has claimed it (pid 7 on the target, which has given": {AtWork: &transfer.AtWork{PID: "7", Seen: true, Gone: true, Silent: time.Minute}},
	} {
		if got := newStatusText(&s, "", 0).String(); !strings.Contains(got, want) {
			t.Errorf("%q: %q", want, got)
		}
	}
}

// Nothing that may be a password is repeated, and what is repeated can be typed.
func TestNamesAreTypedAgain(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"service=new": "service=new", "postgres://u@h/d?sslmode=require": "'postgres://u@h/d?sslmode=require'", "host=a dbname=b": "'host=a dbname=b'",
		"postgres://u:p@h/d": "TARGET", "password=p": "TARGET", "postgres://u:1?2@h/d": "TARGET", "it's": `'it'\''s'`, "$(x)": "'$(x)'",
	} {
		if got := typedAgain(name, "TARGET"); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestSocketsByTheirLooks(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"/run/copy.sock": true, "./x": true, "copy.sock": true, "~/x": true, "shop": false, "service=new": false, "postgres://h/d": false,
		"host=/tmp dbname=copy.sock": false,
	} {
		if looksLikeSocket(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
