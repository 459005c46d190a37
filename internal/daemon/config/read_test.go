package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/daemon/work"
)

const (
	prodURL = "postgres://app:s3cret@prod.example/shop"
	hookKey = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
)

// write makes a configuration in a folder of its own and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"pgsluice.yaml": {text, 0o644},
		"private.url":   {"postgres://app:s3cret@staging.example/shop\n", 0o640},
		"open.url":      {"postgres://open", 0o604},
		"empty.url":     {"\n", 0o600},
		"two.url":       {"a\nb\n", 0o600},
		"hook.secret":   {hookKey, 0o600},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(file.text), file.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, file.mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "pgsluice.yaml")
}

func TestRead(t *testing.T) {
	t.Setenv("PROD_URL", prodURL)
	path := write(t, `
databases:
  staging: {url_file: private.url, max_streams: 4, max_transfers: 2}
  prod:
    url_env: PROD_URL
    never_target: true
    rate_limit: 50MB/s
    window: "22:00-05:00 Europe/Berlin"
    rate_limit_outside: 2MiB/s
  old:
    service: it's old
stores:
  nightly: dumps
  far: /mnt/far/
webhooks:
  ops:
    url: https://ops.example/hooks/1
    secret_file: hook.secret
  pager: {url_env: PROD_HOOK, secret_file: hook.secret, events: [failed]}
limits:
  transfers: 2
`)
	t.Setenv("PROD_HOOK", "http://127.0.0.1:9/x")
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, db := range c.Databases() {
		all = append(all, db.Name)
	}
	if !slices.Equal(all, []string{"old", "prod", "staging"}) || c.Database("nightly") != nil {
		t.Errorf("databases %q", all)
	}
	prod, staging := c.Database("prod"), c.Database("staging")
	if prod.URL.Reveal() != prodURL || !prod.NeverTarget || prod.RateLimit != 50e6 || prod.RateLimitOutside != 2<<20 || prod.MaxTransfers != 1 || prod.MaxStreams != 0 {
		t.Errorf("prod is %+v", prod)
	}
	if prod.Window.String() != "22:00-05:00 Europe/Berlin" || prod.Window.Open(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("its window is %v", prod.Window)
	}
	if staging.URL.Reveal() != "postgres://app:s3cret@staging.example/shop" || staging.MaxStreams != 4 || staging.MaxTransfers != 2 || !staging.Window.Open(time.Now()) {
		t.Errorf("staging is %+v", staging)
	}
	if url := c.Database("old").URL.Reveal(); url != `service='it\'s old'` {
		t.Errorf("old is %s", url)
	}
	stores := c.Stores()
	if len(stores) != 2 || stores[0].Dir != "/mnt/far" || c.Store("nightly").Dir != filepath.Join(filepath.Dir(path), "dumps") {
		t.Errorf("stores %+v %+v", *stores[0], *stores[1])
	}
	ops, pager := c.Webhooks[0], c.Webhooks[1]
	if ops.Name != "ops" || ops.URL.Reveal() != "https://ops.example/hooks/1" || ops.Key.Reveal() != "0123456789abcdef01234567" || len(ops.Events) != 3 {
		t.Errorf("webhook %+v", ops)
	}
	if !slices.Equal(pager.Events, []work.State{work.Failed}) {
		t.Errorf("webhook %+v", pager)
	}
	if c.Limits != (Limits{Transfers: 2, History: defaultHistory}) {
		t.Errorf("limits %+v", c.Limits)
	}
}

// Each wrong file is told of in one line, with the place, and without a secret.
func TestReadRefuses(t *testing.T) {
	t.Setenv("PROD_URL", prodURL)
	t.Setenv("SHORT", "whsec_c2hvcnQ=")
	const ok = "databases:\n  prod: {url_env: PROD_URL}\n"
	const db = "databases:\n  prod:\n    url_env: PROD_URL\n    "
	const hook = ok + "webhooks:\n  ops:\n    url: https://ops.example/s3cret\n    "
	for name, test := range map[string]struct{ text, want string }{
		"unknown at the top":   {ok + "tokens: []\n", "line 3, column 1: unknown key \"tokens\"; `pgsluice help daemon`"},
		"unknown in a mapping": {db + "never_targets:\n      a: 1\n", `line 4, column 5: unknown key "databases.prod.never_targets"`},
		"repeated":             {db + "max_streams: 1\n    max_streams: 2\n", "line 5, column 5: mapping key \"max_streams\" already defined at [4:5]"},
		"repeated database":    {ok + "  prod: {service: x}\n", "line 3, column 3: mapping key"},
		"not YAML":             {"databases:\n  prod: [\n", "line 2"},
		"tab":                  {"databases:\n\tprod: {}\n", "line 2, column 1"},
		"list":                 {"- databases\n", "line 1, column 1: the file must be a mapping"},
		"list of databases":    {"databases:\n  - prod\n", "databases must be"},
		"text for a number":    {db + "max_streams: many\n", "line 4, column 18: databases.prod.max_streams must be a whole number"},
		"fraction":             {db + "max_streams: 1.5\n", "line 4, column 5: databases.prod.max_streams: 1.5 must be a whole number from 1 to"},
		"text for a truth":     {db + "never_target: perhaps\n", "line 4, column 19: databases.prod.never_target must be true or false"},
		"list for text":        {db + "rate_limit: [1]\n", "databases.prod.rate_limit must be"},
		"empty":                {"# nothing\n", "is empty: it must name the databases"},
		"no database":          {"limits: {transfers: 1}\n", "databases: there must be one at least"},
		"two documents":        {ok + "---\n" + ok, "line 3, column 1: a second document begins"},
		"zero":                 {db + "max_transfers: 0\n", "line 4, column 5: databases.prod.max_transfers: 0 must be a whole number"},
		"name":                 {"databases:\n  Prod: {url_env: PROD_URL}\n", "line 2, column 3: databases.Prod: a name is of a-z"},
		"long name":            {"databases:\n  " + strings.Repeat("a", 64) + ": {url_env: PROD_URL}\n", "63 characters at most"},
		"says nothing":         {"databases:\n  prod:\n", "line 2, column 3: databases.prod: it says nothing"},
		"no place":             {"databases:\n  prod: {never_target: true}\n", "databases.prod: it needs service or url_env or url_file"},
		"two places":           {db + "service: x\n", "line 3, column 5: databases.prod.url_env: there is service, too: one of them"},
		"unset variable":       {"databases:\n  prod: {url_env: NO_SUCH}\n", "databases.prod.url_env: the environment variable NO_SUCH is not set"},
		"missing file":         {"databases:\n  prod: {url_file: no-such}\n", "no such file"},
		"open file":            {"databases:\n  prod: {url_file: open.url}\n", "is open to all users of this machine: chmod o= /"},
		"empty file":           {"databases:\n  prod: {url_file: empty.url}\n", "must hold one line"},
		"file of two lines":    {"databases:\n  prod: {url_file: two.url}\n", "must hold one line"},
		"folder":               {"databases:\n  prod: {url_file: /dev/null}\n", "databases.prod.url_file: /dev/null "},
		"rate":                 {db + "rate_limit: 50\n", `line 4, column 5: databases.prod.rate_limit: "50" has no unit: write a rate such as 50MB/s`},
		"window":               {db + "window: at night\n", `line 4, column 5: databases.prod.window: `},
		"rate without window":  {db + "rate_limit_outside: 1MB/s\n", "databases.prod.rate_limit_outside: it is the rate outside of a window"},
		"store twice":          {ok + "stores: {a: /x, b: /x/}\n", "line 3, column 17: stores.b: /x/ is the store a's directory, too"},
		"empty store":          {ok + "stores:\n  a:\n", "line 4, column 3: stores.a: it says nothing"},
		"hook without secret":  {hook + "events: [failed]\n", "line 4, column 3: webhooks.ops: it needs secret_env or secret_file"},
		"hook's short secret":  {hook + "secret_env: SHORT\n", "webhooks.ops: its secret must be whsec_ and"},
		"hook's wrong secret":  {hook + "secret_env: PROD_URL\n", "webhooks.ops: its secret must be whsec_ and"},
		"hook's event":         {hook + "secret_file: hook.secret\n    events: [started]\n", `line 7, column 5: webhooks.ops.events: "started" must be completed, failed or canceled`},
		"hook without events":  {hook + "secret_file: hook.secret\n    events: []\n", "webhooks.ops.events: there must be one at least"},
		"hook's URL":           {ok + "webhooks:\n  ops: {url: 'file:///s3cret', secret_file: hook.secret}\n", "webhooks.ops: its URL does not begin with https:// or http://"},
		"NaN":                  {db + "max_streams: .nan\n", "databases.prod.max_streams: NaN must be"},
		"limit":                {ok + "limits: {history: -1}\n", "line 3, column 10: limits.history: -1 must be"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, test.text)
			_, err := Read(path)
			if err == nil {
				t.Fatal("it was read")
			}
			got := err.Error()
			if !strings.HasPrefix(got, path) || !strings.Contains(got, test.want) || strings.Contains(got, "\n") || strings.Contains(got, "s3cret") {
				t.Errorf("%s\nwant %s", strings.TrimPrefix(got, filepath.Dir(path)+"/"), test.want)
			}
		})
	}
}

func TestReadRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	big := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(big, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/dev/zero":     "/dev/zero is no regular file",
		t.TempDir():     "is no regular file",
		big:             "has more than 1048576 bytes",
		"/no/such.yaml": "no such file",
	} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
