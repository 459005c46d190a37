package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"pgsluice/internal/docs"
)

func topic(t *testing.T, name string) string {
	t.Helper()
	text, err := docs.Topic(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The example that users begin with is read as it is, but for the place of a secret.
func TestTheExampleIsRead(t *testing.T) {
	t.Setenv("PROD_URL", prodURL)
	t.Setenv("OPS_HOOK_URL", "https://ops.example/hook")
	t.Setenv("OPS_HOOK_SECRET", hookKey)
	const secret = "/run/credentials/pgsluice.service/staging.url"
	text := topic(t, "pgsluice.yaml")
	if !strings.Contains(text, secret) {
		t.Fatal("the example has no url_file")
	}
	c, err := Read(write(t, strings.Replace(text, secret, "private.url", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Databases()) != 3 || len(c.Stores()) != 1 || len(c.Webhooks) != 1 || c.Limits != (Limits{defaultTransfers, defaultHistory}) {
		t.Errorf("%+v", c)
	}
}

// The file of the three commands is read, too.
func TestTheFileOfThreeCommandsIsRead(t *testing.T) {
	t.Setenv("PROD_URL", prodURL)
	t.Setenv("STAGING_URL", prodURL)
	found := regexp.MustCompile(`(?m)^    printf '(.*)' > pgsluice.yaml$`).FindStringSubmatch(topic(t, "daemon"))
	if found == nil {
		t.Fatal("the topic has no such line")
	}
	path := filepath.Join(t.TempDir(), "pgsluice.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(found[1], `\n`, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Database("prod").NeverTarget || c.Database("staging") == nil {
		t.Errorf("%+v", c)
	}
}

// All keys that there are, and no others, have a row in the topic; and the example shows most of them.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	text, example := topic(t, "daemon"), topic(t, "pgsluice.yaml")
	rows := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|").FindAllStringSubmatch(text, -1) {
		for _, key := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			rows[key[1]] = true
		}
	}
	elsewhere := map[string]bool{"url": true, "secret_file": true} // of one thing several keys, and the example has one
	for _, shape := range []any{databaseShape{}, webhookShape{}, limitsShape{}} {
		for i := range reflect.TypeOf(shape).NumField() {
			key := reflect.TypeOf(shape).Field(i).Tag.Get("yaml")
			if !rows[key] {
				t.Errorf("%s has no row", key)
			}
			delete(rows, key)
			if !elsewhere[key] && !strings.Contains(example, key+":") {
				t.Errorf("the example has no %s", key)
			}
			elsewhere[key] = true // url_env and url_file are keys of databases and of webhooks
			rows[key] = true
		}
	}
	for i := range reflect.TypeFor[fileShape]().NumField() {
		if key := reflect.TypeFor[fileShape]().Field(i).Tag.Get("yaml"); !strings.Contains(text, "### "+key+"\n") {
			t.Errorf("%s has no section", key)
		}
	}
	for key := range rows {
		if !elsewhere[key] {
			t.Errorf("there is no key %s", key)
		}
	}
}
