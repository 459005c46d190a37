package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds the file: a path to something else is told from a configuration before it fills the memory.
const maxFile = 1 << 20 // bytes

// The file's shape. Pointers tell what is left out from what is empty; counts are floats, because the library cuts 1.5 down to an int of 1.
type (
	fileShape struct {
		Databases map[string]*databaseShape `yaml:"databases"`
		Stores    map[string]string         `yaml:"stores"`
		Webhooks  map[string]*webhookShape  `yaml:"webhooks"`
		Limits    limitsShape               `yaml:"limits"`
	}
	databaseShape struct {
		URLEnv           string   `yaml:"url_env"`
		URLFile          string   `yaml:"url_file"`
		Service          string   `yaml:"service"`
		NeverTarget      bool     `yaml:"never_target"`
		MaxStreams       *float64 `yaml:"max_streams"`
		MaxTransfers     *float64 `yaml:"max_transfers"`
		RateLimit        string   `yaml:"rate_limit"`
		Window           string   `yaml:"window"`
		RateLimitOutside string   `yaml:"rate_limit_outside"`
	}
	webhookShape struct {
		URL        string   `yaml:"url"`
		URLEnv     string   `yaml:"url_env"`
		URLFile    string   `yaml:"url_file"`
		SecretEnv  string   `yaml:"secret_env"`
		SecretFile string   `yaml:"secret_file"`
		Events     []string `yaml:"events"`
	}
	limitsShape struct {
		Transfers *float64 `yaml:"transfers"`
		History   *float64 `yaml:"history"`
	}
)

// Read reads a file, the environment variables that it names, and the files that it names, whose relative paths begin at its folder. The
// error is one sentence for whoever wrote the file; it holds no secret.
func Read(path string) (*Config, error) {
	data, err := readAll(path, maxFile)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	r := &reader{path: path, dir: dir}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, r.syntax(err)
	}
	for _, doc := range tree.Docs {
		switch {
		case doc.Body == nil:
		case r.root != nil:
			return nil, r.errorAt(doc.Start, "a second document begins: the configuration is one")
		default:
			r.root = doc.Body
		}
	}
	if r.root == nil {
		return nil, fmt.Errorf("%s is empty: it must name the databases", path)
	}
	var shape fileShape
	if err := yaml.NodeToValue(r.root, &shape, yaml.Strict()); err != nil {
		return nil, r.syntax(err)
	}
	return r.config(&shape)
}

// readAll reads a file of at most limit bytes.
func readAll(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a FIFO waits for who writes it
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return data, nil
}

// syntax puts an error of the YAML library in the words of a user, with its place.
func (r *reader) syntax(err error) error {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	tok := e.GetToken()
	at, keys := r.locate(tok)
	var (
		unknown  *yaml.UnknownFieldError
		mistyped *yaml.TypeError
		shaped   *yaml.UnexpectedNodeTypeError
		overflow *yaml.OverflowError
	)
	switch {
	case errors.As(err, &unknown):
		return r.errorAt(at, "unknown key %q; `pgsluice help daemon` lists those there are", dotted(keys))
	case errors.As(err, &mistyped):
		return r.errorAt(tok, "%s must be %s", dotted(keys), kindWords(mistyped.DstType))
	case errors.As(err, &shaped):
		return r.errorAt(tok, "%s must be a %s, and is a %s", dotted(keys), shaped.Expected.YAMLName(), shaped.Actual.YAMLName())
	case errors.As(err, &overflow):
		return r.errorAt(tok, "%s is too large", dotted(keys))
	}
	return r.errorAt(tok, "%s", e.GetMessage())
}
