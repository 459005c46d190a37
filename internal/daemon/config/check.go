package config

import (
	"encoding/base64"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/quantity"
)

// names are those of databases, stores and webhooks: they stand in URLs' paths, subjects and metrics.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// config checks a file's values and fetches the secrets.
func (r *reader) config(shape *fileShape) (*Config, error) {
	c := &Config{databases: map[string]*Database{}, stores: map[string]*Store{}}
	for _, name := range inOrder(shape.Databases) {
		db, err := r.database(name, shape.Databases[name])
		if err != nil {
			return nil, err
		}
		c.databases[name] = db
	}
	if len(c.databases) == 0 {
		return nil, r.errorOf([]string{"databases"}, "there must be one at least")
	}
	for _, name := range inOrder(shape.Stores) {
		store, err := r.store(name, shape.Stores[name], c.stores)
		if err != nil {
			return nil, err
		}
		c.stores[name] = store
	}
	for _, name := range inOrder(shape.Webhooks) {
		hook, err := r.webhook(name, shape.Webhooks[name])
		if err != nil {
			return nil, err
		}
		c.Webhooks = append(c.Webhooks, hook)
	}
	var err error
	if c.Limits.Transfers, err = r.number([]string{"limits", "transfers"}, shape.Limits.Transfers, defaultTransfers); err != nil {
		return nil, err
	}
	c.Limits.History, err = r.number([]string{"limits", "history"}, shape.Limits.History, defaultHistory)
	return c, err
}

// inOrder are a map's keys, so that of several errors it is always the same one that is told.
func inOrder[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (r *reader) database(name string, shape *databaseShape) (*Database, error) {
	at := []string{"databases", name}
	if err := r.named(at, shape == nil); err != nil {
		return nil, err
	}
	db := &Database{Name: name, NeverTarget: shape.NeverTarget}
	var err error
	if db.URL, err = r.secret(at, map[string]string{"url_env": shape.URLEnv, "url_file": shape.URLFile, "service": shape.Service}); err != nil {
		return nil, err
	}
	if db.MaxStreams, err = r.number(key(at, "max_streams"), shape.MaxStreams, 0); err != nil {
		return nil, err
	}
	if db.MaxTransfers, err = r.number(key(at, "max_transfers"), shape.MaxTransfers, 1); err != nil {
		return nil, err
	}
	if db.RateLimit, err = r.rate(key(at, "rate_limit"), shape.RateLimit); err != nil {
		return nil, err
	}
	if db.RateLimitOutside, err = r.rate(key(at, "rate_limit_outside"), shape.RateLimitOutside); err != nil {
		return nil, err
	}
	if shape.Window != "" {
		if db.Window, err = ParseWindow(shape.Window); err != nil {
			return nil, r.errorOf(key(at, "window"), "%w", err)
		}
	} else if db.RateLimitOutside > 0 {
		return nil, r.errorOf(key(at, "rate_limit_outside"), "it is the rate outside of a window, and there is none")
	}
	return db, nil
}

func (r *reader) store(name, dir string, others map[string]*Store) (*Store, error) {
	at := []string{"stores", name}
	if err := r.named(at, dir == ""); err != nil {
		return nil, err
	}
	s := &Store{Name: name, Dir: r.absolute(dir)}
	for _, other := range others {
		if other.Dir == s.Dir {
			return nil, r.errorOf(at, "%s is the store %s's directory, too", dir, other.Name)
		}
	}
	return s, nil
}

func (r *reader) webhook(name string, shape *webhookShape) (Webhook, error) {
	at := []string{"webhooks", name}
	if err := r.named(at, shape == nil); err != nil {
		return Webhook{}, err
	}
	hook := Webhook{Name: name, Events: []work.State{work.Completed, work.Failed, work.Canceled}}
	var err error
	if hook.URL, err = r.secret(at, map[string]string{"url": shape.URL, "url_env": shape.URLEnv, "url_file": shape.URLFile}); err != nil {
		return Webhook{}, err
	}
	// The parser's error would quote the URL.
	if u, err := url.Parse(hook.URL.Reveal()); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return Webhook{}, r.errorOf(at, "its URL does not begin with https:// or http:// and a host")
	}
	secret, err := r.secret(at, map[string]string{"secret_env": shape.SecretEnv, "secret_file": shape.SecretFile})
	if err != nil {
		return Webhook{}, err
	}
	signingKey, ok := decodeKey(secret.Reveal())
	if !ok {
		return Webhook{}, r.errorOf(at, "its secret must be whsec_ and the base64 of 24 to 64 random bytes: make one with `echo whsec_$(openssl rand -base64 32)`")
	}
	hook.Key = NewSecret(signingKey)
	if shape.Events == nil {
		return hook, nil
	}
	all := hook.Events
	hook.Events = nil
	for _, event := range shape.Events {
		if !slices.Contains(all, work.State(event)) {
			return Webhook{}, r.errorOf(key(at, "events"), "%q must be completed, failed or canceled", event)
		}
		hook.Events = append(hook.Events, work.State(event))
	}
	if len(hook.Events) == 0 {
		return Webhook{}, r.errorOf(key(at, "events"), "there must be one at least")
	}
	return hook, nil
}

// decodeKey reads a secret in the form of Standard Webhooks.
func decodeKey(secret string) (string, bool) {
	text, found := strings.CutPrefix(secret, "whsec_")
	decoded, err := base64.StdEncoding.DecodeString(text)
	return string(decoded), found && err == nil && len(decoded) >= 24 && len(decoded) <= 64
}

// named checks the name at the end of a path, and that it has a value.
func (r *reader) named(at []string, empty bool) error {
	if !names.MatchString(at[len(at)-1]) {
		return r.errorOf(at, "a name is of a-z, 0-9, _ and -, begins with a letter or digit and has 63 characters at most")
	}
	if empty {
		return r.errorOf(at, "it says nothing")
	}
	return nil
}

// number is a count of at least one, or what is meant if it is left out.
func (r *reader) number(at []string, n *float64, leftOut int) (int, error) {
	const most = 1 << 20 // of whatever it is
	switch {
	case n == nil:
		return leftOut, nil
	case *n != math.Trunc(*n), !(*n >= 1 && *n <= most):
		return 0, r.errorOf(at, "%v must be a whole number from 1 to %d", *n, most)
	}
	return int(*n), nil
}

func (r *reader) rate(at []string, text string) (bytesPerSecond int64, err error) {
	if text == "" {
		return 0, nil
	}
	if bytesPerSecond, err = quantity.ParseRate(text); err != nil {
		return 0, r.errorOf(at, "%w", err)
	}
	return bytesPerSecond, nil
}

// secret fetches the one of several places of a secret that is given: keys that end with _env name a variable, those with _file a file.
func (r *reader) secret(at []string, places map[string]string) (Secret, error) {
	given := ""
	for _, place := range inOrder(places) {
		switch {
		case places[place] == "":
		case given != "":
			return Secret{}, r.errorOf(key(at, place), "there is %s, too: one of them", given)
		default:
			given = place
		}
	}
	where := key(at, given)
	switch value := places[given]; {
	case given == "":
		return Secret{}, r.errorOf(at, "it needs %s", strings.Join(inOrder(places), " or "))
	case given == "service":
		return NewSecret("service=" + quoted(value)), nil
	case strings.HasSuffix(given, "_env"):
		text := os.Getenv(value)
		if text == "" {
			return Secret{}, r.errorOf(where, "the environment variable %s is not set, or empty", value)
		}
		return NewSecret(text), nil
	case strings.HasSuffix(given, "_file"):
		return r.secretFile(where, r.absolute(value))
	default:
		return NewSecret(value), nil
	}
}

// quoted is a value of a keyword string as libpq reads it.
func quoted(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// secretFile reads a secret out of a file of one line that others can't read.
func (r *reader) secretFile(at []string, path string) (Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Secret{}, r.errorOf(at, "%w", err)
	}
	// Windows has no such bits.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return Secret{}, r.errorOf(at, "%s is open to all users of this machine: chmod o= %[1]s", path)
	}
	const limit = 64 << 10 // bytes
	data, err := readAll(path, limit)
	if err != nil {
		return Secret{}, r.errorOf(at, "%w", err)
	}
	text := strings.TrimSpace(string(data))
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return Secret{}, r.errorOf(at, "%s must hold one line", path)
	}
	return NewSecret(text), nil
}

// absolute is a path as the file means it.
func (r *reader) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(r.dir, path)
}

// key is a path one deeper. It never shares memory with its beginning.
func key(at []string, name string) []string { return append(slices.Clone(at), name) }
