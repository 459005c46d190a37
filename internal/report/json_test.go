package report

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgsluice/internal/docs"
	"pgsluice/internal/progress"
)

func jsonText(t *testing.T, r Report) string {
	t.Helper()
	var b strings.Builder
	if err := WriteJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJSONGolden(t *testing.T) {
	for name, r := range reports(t) {
		golden(t, name+".json", jsonText(t, r))
	}
}

// fields returns the paths of all JSON fields of a type: phases[].tasks[].name.
func fields(typ reflect.Type, prefix string) []string {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return nil
	case typ.Kind() == reflect.Pointer:
		return fields(typ.Elem(), prefix)
	case typ.Kind() == reflect.Slice:
		return fields(typ.Elem(), prefix+"[]")
	case typ.Kind() != reflect.Struct:
		return nil
	}
	var paths []string
	for f := range typ.NumField() {
		if typ.Field(f).Anonymous {
			paths = append(paths, fields(typ.Field(f).Type, prefix)...)
			continue
		}
		path := typ.Field(f).Tag.Get("json")
		if prefix != "" {
			path = prefix + "." + path
		}
		paths = append(append(paths, path), fields(typ.Field(f).Type, path)...)
	}
	return paths
}

// TestEveryFieldIsDocumented compares the fields with the table in the help, both ways and in order.
func TestEveryFieldIsDocumented(t *testing.T) {
	help, err := docs.Topic("report")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, m := range documentedRow.FindAllStringSubmatch(help, -1) {
		documented = append(documented, m[1])
	}
	written := fields(reflect.TypeFor[jsonReport](), "")
	if !reflect.DeepEqual(documented, written) {
		t.Errorf("documented:\n%s\n\nwritten:\n%s", strings.Join(documented, "\n"), strings.Join(written, "\n"))
	}
}

// TestTheDocumentedTypesAreTrue holds reports to the type column of the help. No list is null, and what
// may be null says so.
func TestTheDocumentedTypesAreTrue(t *testing.T) {
	help, err := docs.Topic("report")
	if err != nil {
		t.Fatal(err)
	}
	types := documentedTypes(help)
	for name, r := range reports(t) {
		var v map[string]any
		if err := json.Unmarshal([]byte(jsonText(t, r)), &v); err != nil {
			t.Fatal(err)
		}
		checkTypes(t, types, name, "", v)
	}
}

// documentedRow is a row of a table of fields: its name and its type.
var documentedRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+?) \\|")

func documentedTypes(text string) map[string]string {
	types := map[string]string{}
	for _, m := range documentedRow.FindAllStringSubmatch(text, -1) {
		types[m[1]] = m[2]
	}
	return types
}

// checkTypes holds the fields of an object to their documented types.
func checkTypes(t *testing.T, types map[string]string, name, prefix string, object map[string]any) {
	t.Helper()
	for k, v := range object {
		path := prefix + k
		want := types[path]
		ok := false
		switch v := v.(type) {
		case nil:
			ok = strings.HasSuffix(want, " or null")
		case bool:
			ok = want == "boolean"
		case string:
			ok = strings.HasPrefix(want, "string")
			if strings.HasPrefix(want, "moment") {
				at, err := time.Parse(time.RFC3339, v)
				ok = err == nil && at.Location() == time.UTC
			}
		case float64:
			ok = strings.HasPrefix(want, "number") || strings.HasPrefix(want, "integer") && v == float64(int64(v))
		case []any:
			ok = strings.HasPrefix(want, "list")
			for _, e := range v {
				if m, isObject := e.(map[string]any); isObject {
					checkTypes(t, types, name, path+"[].", m)
				}
			}
		case map[string]any:
			ok = strings.HasPrefix(want, "object")
			checkTypes(t, types, name, path+".", v)
		}
		if !ok {
			t.Errorf("%s: %s is %T %v, documented as %q", name, path, v, v, want)
		}
	}
}

// TestOffsetsCountFromTheReportsStart: the tracker may have been made after the transfer began.
func TestOffsetsCountFromTheReportsStart(t *testing.T) {
	tr := progress.New()
	tr.Warn(progress.Warning{Message: "x"})
	r := Report{Progress: tr.Snapshot()}
	r.Started = r.Progress.Started.Add(-time.Hour)
	if at := toJSON(r).Warnings[0].AtSeconds; at < 3600 || at > 3660 {
		t.Errorf("at %v s", at)
	}
}

func TestSecondsHaveMicroseconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1603366 * time.Microsecond: "1.603366", 9*time.Second + 957189*time.Microsecond: "9.957189", 1499: "0.000001",
		7*time.Second + 600228*time.Microsecond: "7.600228", 1282342 * time.Microsecond: "1.282342", 0: "0",
	} {
		if got, err := json.Marshal(seconds(d)); err != nil || string(got) != want {
			t.Errorf("%v is written as %s, not %s (%v)", d, got, want, err)
		}
	}
}

func TestWriteFile(t *testing.T) {
	r := shopReport(t)
	path := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(path, []byte(strings.Repeat("older and longer ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, r); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != jsonText(t, r) {
		t.Errorf("%v, %d bytes", err, len(got))
	}
}

func TestWriteFileSaysWhatWentWrong(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "such", "folder.json")
	if err := WriteFile(missing, shopReport(t)); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing folder: %v", err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("the device that is always full is Linux's")
	}
	if err := WriteFile("/dev/full", shopReport(t)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full device: %v", err)
	}
}

func TestWriteFileToStandardOutput(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	r := emptyReport(t)
	if err := WriteFile("-", r); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file.Name()); err != nil || string(got) != jsonText(t, r) {
		t.Errorf("%v, %q", err, got)
	}
	file.Close()
	if err := WriteFile("-", r); err == nil {
		t.Error("no error from a closed standard output")
	}
}
