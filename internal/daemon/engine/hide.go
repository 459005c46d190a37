package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/daemon/config"
)

// hider takes out of texts of servers and drivers what must not leave the daemon: connection strings, passwords and the places of servers. A
// database's name stands there instead.
type hider struct{ words *strings.Replacer }

// shortest is the shortest word that is hidden: others would only garble the text.
const shortest = 3

func newHider(c *config.Config) *hider {
	var pairs []string
	hide := func(word, by string) {
		if len(word) >= shortest {
			pairs = append(pairs, word, by)
		}
	}
	for _, db := range c.Databases() {
		text := db.URL.Reveal()
		hide(text, db.Name)
		if u, err := url.Parse(text); err == nil && u.User != nil {
			if password, ok := u.User.Password(); ok {
				hide(url.QueryEscape(password), "*****")
				hide(url.PathEscape(password), "*****")
			}
		}
		var hosts []string
		if address, err := catalog.ParseAddress(text); err == nil {
			hosts = append(hosts, address.Host())
		}
		if parsed, err := pgconn.ParseConfig(text); err == nil {
			hide(parsed.Password, "*****")
			hosts = append(hosts, parsed.Host)
			for _, f := range parsed.Fallbacks {
				hosts = append(hosts, f.Host)
			}
		}
		for _, host := range hosts {
			if strings.ContainsAny(host, "./:0123456789") {
				hide(host, db.Name)
				continue
			}
			// a word like another, perhaps a table's: hidden where it stands for a host
			for _, before := range []string{" at ", "lookup ", "host="} {
				hide(before+host+" ", before+db.Name+" ")
				hide(before+host+":", before+db.Name+":")
			}
		}
	}
	return &hider{strings.NewReplacer(pairs...)}
}

func (h *hider) text(s string) string { return h.words.Replace(s) }

// error is an error for people, with what a server said besides its message.
func (h *hider) error(err error) string {
	text := err.Error()
	var server *pgconn.PgError
	if errors.As(err, &server) {
		for _, part := range [][2]string{{"DETAIL", server.Detail}, {"HINT", server.Hint}, {"CONTEXT", server.Where}} {
			if part[1] != "" && !strings.Contains(text, part[1]) {
				text += "\n" + part[0] + ": " + part[1]
			}
		}
	}
	return h.text(text)
}

// json is a JSON text in whose strings nothing of that stands; its keys are ours.
func (h *hider) json(text []byte) (json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("what is to be shown is no JSON: %w", err)
	}
	hidden, changed := h.value(value)
	if !changed {
		return text, nil
	}
	return json.Marshal(hidden)
}

// value hides in place, and reports whether there was anything to hide.
func (h *hider) value(v any) (hidden any, changed bool) {
	switch v := v.(type) {
	case string:
		s := h.text(v)
		return s, s != v
	case []any:
		for i := range v {
			var c bool
			v[i], c = h.value(v[i])
			changed = changed || c
		}
	case map[string]any:
		for key := range v {
			var c bool
			v[key], c = h.value(v[key])
			changed = changed || c
		}
	}
	return v, changed
}
