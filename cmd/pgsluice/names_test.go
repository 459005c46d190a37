package main

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDatabaseNames(t *testing.T) {
	for _, test := range []struct {
		name           string
		source, target string // the variables
		args           []string
		want           [2]string
		err            string
	}{
		{name: "arguments", args: []string{"a", "b"}, want: [2]string{"a", "b"}},
		{name: "variables", source: "s", target: "t", want: [2]string{"s", "t"}},
		{name: "source, variable", target: "t", args: []string{"a"}, want: [2]string{"a", "t"}},
		{name: "the argument wins", source: "s", target: "t", args: []string{"a", "b"}, want: [2]string{"a", "b"}},
		{name: "one argument is the source", source: "s", target: "t", args: []string{"a"}, want: [2]string{"a", "t"}},
		{name: "an empty one is none", source: "s", args: []string{"", "b"}, want: [2]string{"s", "b"}},
		{name: "nothing", err: "no databases: give SOURCE and TARGET as arguments, or in PGSLUICE_SOURCE and PGSLUICE_TARGET"},
		{name: "no target", args: []string{"a"}, err: "no target database: give it as the second argument, or in PGSLUICE_TARGET"},
		{name: "no source", target: "t", err: "no source database: give it as the first argument, or in PGSLUICE_SOURCE"},
		{name: "empty source", args: []string{"", "b"}, err: "no source database: give it as the first argument, or in PGSLUICE_SOURCE"},
		{name: "surplus", args: []string{"a", "b", "c"}, err: `surplus argument "c"`},
		{name: "surplus with a password", args: []string{"a", "b", "postgres://u:geheim@h/d"}, err: "surplus argument (it holds a password)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("PGSLUICE_SOURCE", test.source)
			t.Setenv("PGSLUICE_TARGET", test.target)
			source, target, err := databaseNames(test.args)
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.err) {
					t.Fatalf("got error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil || source != test.want[0] || target != test.want[1] {
				t.Errorf("got %q, %q, %v; want %q", source, target, err, test.want)
			}
		})
	}
}

func TestPasswordsAreFound(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"shop":                                   nil,
		"service=prod":                           nil,
		"host=h passfile=/x dbname=d":            nil,
		"postgres://h/d":                         nil,
		"postgres://u@h/d":                       nil,
		"postgres://u:@h/d":                      nil,
		"postgres://h:5432/d":                    nil,
		"postgres://h:5432/d?user=u@x":           nil,
		"postgres://u:ge/h@eim@h:5432/d":         {"ge/h@eim"},
		"postgres://u:geheim@h:5432/d":           {"geheim"},
		"postgresql://u:ge%40heim@h/d":           {"ge%40heim", "ge@heim"},
		"postgres://u:ge@he:im@h/d":              {"ge@he:im"}, // malformed, so most likely to be quoted
		"postgres://u:ge%zz@h/d":                 {"ge%zz"},
		"postgres://u:ge/heim@h/d":               {"ge/heim"},
		"postgres://h/d?user=u&password=geheim":  {"geheim"},
		"postgres://h/d?pass%77ord=geheim":       {"geheim"},
		"postgres://h/d?sslpassword=geheim":      {"geheim"},
		"host=h password=geheim dbname=d":        {"geheim"},
		"host=h password = geheim":               {"geheim"},
		"host=h password='ge heim' user=u":       {"ge heim"},
		`host=h password='it\'s geheim'`:         {`it\'s geheim`},
		"host=h password='unclosed":              {"unclosed"},
		"host=h password=":                       nil,
		"password='a b' sslpassword=c password=": {"c", "a b"},
	} {
		got := passwords(name)
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Errorf("passwords(%q) = %q: %q is missing", name, got, w)
			}
		}
		if len(want) == 0 && len(got) > 0 {
			t.Errorf("passwords(%q) = %q, want none", name, got)
		}
	}
}

// Whatever the password is: a message that quotes the name comes out without it.
func TestPasswordsAreMasked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringMatching(`[A-Z0-9!%@:/?#&'\\ ]{3,20}`).Draw(t, "password")
		quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password)
		for _, name := range []string{
			"host=h password='" + quoted + "' dbname=d",
			"postgres://u:" + password + "@h/d",
		} {
			text := mask("cannot parse "+name, secrets([]string{name}))
			if strings.Contains(text, quoted) {
				t.Errorf("%q still holds %q", text, quoted)
			}
		}
	})
}

func TestPasswordWarning(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"a", "b"}, ""},
		{[]string{"postgres://u:geheim@h/d", "b"}, "other users of this machine can read the password in SOURCE (ps): use PGSLUICE_SOURCE, or ~/.pgpass"},
		{[]string{"a", "host=h password=geheim"}, "other users of this machine can read the password in TARGET (ps): use PGSLUICE_TARGET, or ~/.pgpass"},
	} {
		if got := passwordWarning(test.args); got != test.want {
			t.Errorf("passwordWarning(%q) = %q, want %q", test.args, got, test.want)
		}
	}
	both := passwordWarning([]string{"postgres://u:geheim@h/d", "postgres://u:streng@h/d"})
	if !strings.Contains(both, "SOURCE and TARGET (ps): use PGSLUICE_SOURCE and PGSLUICE_TARGET,") || strings.Contains(both, "geheim") {
		t.Errorf("two passwords: %q", both)
	}
}
