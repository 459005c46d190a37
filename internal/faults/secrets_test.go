package faults

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// password is mover's on every server: a word that stands nowhere else, between what URLs, keyword strings and password
// files have to escape.
const (
	password = `p' \` + secret + `%41/@:`
	secret   = "xK9qSluiceSecret7"
)

// literal quotes an SQL string.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// form is a way to give the password.
type form string

const (
	inArguments form = "URL in the arguments" // the one that earns a warning
	inURL       form = "URL in the environment"
	inWords     form = "keyword string"
	inPassword  form = "PGPASSWORD"
	inFile      form = "PGPASSFILE"
	escaped     form = "percent-encoded" // every byte of it
)

var forms = []form{inArguments, inURL, inWords, inPassword, inFile, escaped}

// login is how the program is told where the databases are.
type login struct {
	form form
	args []string
	env  []string
}

// newLogin names databases that are reached through the proxies, and gives the password. dir is the case's own.
func newLogin(f form, password, dir string, ports map[side]int, databases map[side]string) (login, error) {
	l := login{form: f}
	names := map[side]string{}
	for s, port := range ports {
		host := fmt.Sprintf("127.0.0.1:%d", port)
		u := url.URL{Scheme: "postgres", User: url.User("mover"), Host: host, Path: "/" + databases[s], RawQuery: "sslmode=disable"}
		switch f {
		case inURL, inArguments:
			u.User = url.UserPassword("mover", password)
			names[s] = u.String()
		case escaped:
			names[s] = fmt.Sprintf("postgresql://mover:%s@%s/%s?sslmode=disable", percent(password), host, databases[s])
		case inWords:
			names[s] = fmt.Sprintf("host=127.0.0.1 port=%d user=mover dbname=%s sslmode=disable password='%s'", port, databases[s],
				strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password))
		default:
			names[s] = u.String()
		}
	}
	switch f {
	case inPassword:
		l.env = append(l.env, "PGPASSWORD="+password)
	case inFile:
		path := filepath.Join(dir, "pgpass")
		line := "127.0.0.1:*:*:mover:" + strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(password) + "\n"
		if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
			return l, err
		}
		l.env = append(l.env, "PGPASSFILE="+path)
	}
	if f == inArguments || f == inPassword || f == inFile {
		l.args = []string{names[source], names[target]}
		return l, nil
	}
	l.env = append(l.env, "PGSLUICE_SOURCE="+names[source], "PGSLUICE_TARGET="+names[target])
	return l, nil
}

func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func anyForm(rng *rand.Rand) form { return forms[rng.IntN(len(forms))] }

// tells says whether text has the password in any form that it could have taken on its way there.
func tells(text string) bool {
	lower := strings.ToLower(text)
	for _, shape := range []string{secret, percent(secret), hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(password))} {
		if strings.Contains(lower, strings.ToLower(shape)) {
			return true
		}
	}
	return false
}

// leaks lists the files below dir that hold the password, but for the one that the case has put it into.
func leaks(dir string) (found []string, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || e.Name() == "pgpass" {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && tells(string(content)) {
			found = append(found, path)
		}
		return err
	})
	return found, err
}
