package verify

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/docs"
)

// tags lists the names of all fields of a JSON type.
func tags(t reflect.Type, found map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		tags(t.Elem(), found)
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range t.NumField() {
			f := t.Field(i)
			if name := f.Tag.Get("json"); name != "" {
				found[name] = true
				tags(f.Type, found)
			}
		}
	}
}

// The documentation has every field and every kind of difference.
func TestReportIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := docs.Topic("verification")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	tags(reflect.TypeFor[jsonReport](), names)
	for _, kind := range []Kind{Missing, Extra, Definition, Owner, Storage, Invalid, NotValidated, NotPopulated, Rows, SequenceValue, LargeObjects} {
		names[string(kind)] = true
	}
	for name := range names {
		if !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "[]."+name+"`") {
			t.Errorf("%s is not documented", name)
		}
	}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	began := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	r := Report{Version: "1", Started: began, Ended: began.Add(1500 * time.Millisecond), ExitCode: 3, Outcome: &Outcome{
		Source: Endpoint{Host: "old", Port: 5432, Database: "shop", User: "app", ServerVersion: "15.18"},
		Result: &Result{
			Rows: 5, Tables: 1,
			Differences: []Difference{{Object: "table t", Kind: Rows, Text: "…", Located: []RowDifference{
				{What: "changed", Key: []KeyValue{{"id", "7"}}, Count: 1, Columns: []string{"name"}}, {What: "extra", CTID: "(0,1)", Count: 2},
			}}},
			Notes: []Remark{{"foreign table f", "elsewhere"}},
		},
	}}
	text, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	compact, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"compared":{"entries":0,"large_objects":0,"rows":5,"sequences":0,"tables":1},"differences":[{"kind":"rows","object":"table t","rows":[` +
		`{"columns":["name"],"count":1,"ctid":null,"key":[{"column":"id","value":"7"}],"what":"changed"},{"columns":[],"count":2,"ctid":"(0,1)","key":[],"what":"extra"}],"text":"…"}],` +
		`"elapsed_seconds":1.5,"ended_at":"2024-02-03T04:05:07.5Z","error":null,"exit_code":3,"notes":[{"object":"foreign table f","text":"elsewhere"}],"pg_dump":null,"pgsluice_version":"1",` +
		`"schema":"pgsluice/verify","source":{"database":"shop","host":"old","port":5432,"server_version":"15.18","user":"app"},"started_at":"2024-02-03T04:05:06Z","target":null,` +
		`"unverified":[],"verdict":"different","version":1}`
	if string(compact) != want {
		t.Errorf("got\n%s\nwant\n%s", compact, want)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for want, result := range map[string]*Result{
		"failed": nil, "equal": {Notes: []Remark{{}}}, "unverified": {Unverified: []Remark{{}}}, "different": {Differences: []Difference{{}}, Unverified: []Remark{{}}},
	} {
		if got := (Report{Outcome: &Outcome{Result: result}}).Verdict(); got != want {
			t.Errorf("%s instead of %s", got, want)
		}
	}
}

// A name with line breaks can't fake a line of the report.
func TestLines(t *testing.T) {
	t.Parallel()
	r := &Result{Differences: []Difference{{Object: "table a\nThe databases are equal.", Text: "x\r\ny", Located: []RowDifference{{What: "extra", Key: []KeyValue{{"k\n", "v\n'"}}}}}}}
	got := strings.Join(r.Lines(), "|")
	if want := `Differences||  table a\nThe databases are equal.: x\r\ny|    row with "k\n" = 'v\n''': extra|`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
