package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// reader makes a Config of a tree, and its errors have places.
type reader struct {
	path string
	dir  string // of the file, absolute
	root ast.Node
}

// errorAt is an error with a place in the file.
func (r *reader) errorAt(tok *token.Token, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if tok == nil || tok.Position == nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	return fmt.Errorf("%s, line %d, column %d: %w", r.path, tok.Position.Line, tok.Position.Column, err)
}

// errorOf is an error about what is at keys, such as databases, prod, window; or, if that is left out, about what it should be in.
func (r *reader) errorOf(keys []string, format string, args ...any) error {
	tok := r.root.GetToken()
	for i, node := 0, r.root; i < len(keys); i++ {
		pair := child(node, keys[i])
		if pair == nil {
			break
		}
		tok, node = pair.Key.GetToken(), pair.Value
	}
	return r.errorAt(tok, "%s: %w", dotted(keys), fmt.Errorf(format, args...))
}

// child is the pair with a key, or nil.
func child(node ast.Node, key string) *ast.MappingValueNode {
	m, ok := node.(ast.MapNode)
	if !ok {
		return nil
	}
	for pairs := m.MapRange(); pairs.Next(); {
		if pair := pairs.KeyValue(); pair.Key.GetToken().Value == key {
			return pair
		}
	}
	return nil
}

// locate finds the pair that a token belongs to: the token of its key, and the keys that lead there.
func (r *reader) locate(tok *token.Token) (key *token.Token, keys []string) {
	if key, keys := locate(r.root, tok); key != nil {
		return key, keys
	}
	return tok, nil
}

func locate(node ast.Node, tok *token.Token) (key *token.Token, keys []string) {
	if list, ok := node.(*ast.SequenceNode); ok {
		for _, value := range list.Values {
			if value.GetToken() == tok {
				return tok, nil
			}
		}
	}
	m, ok := node.(ast.MapNode)
	if !ok {
		return nil, nil
	}
	for pairs := m.MapRange(); pairs.Next(); {
		pair := pairs.KeyValue()
		name := pair.Key.GetToken()
		if name == tok || pair.Value.GetToken() == tok {
			return name, []string{name.Value}
		}
		if key, keys := locate(pair.Value, tok); key != nil {
			return key, append([]string{name.Value}, keys...)
		}
	}
	return nil, nil
}

// dotted is keys as the manual writes them; none is the whole file.
func dotted(keys []string) string {
	if len(keys) == 0 {
		return "the file"
	}
	return strings.Join(keys, ".")
}

// kindWords is what a value of a type is in YAML.
func kindWords(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a whole number"
	case reflect.String:
		return "text"
	case reflect.Slice:
		return "a list"
	default:
		return "keys with values"
	}
}
