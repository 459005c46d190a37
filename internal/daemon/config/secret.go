package config

import "log/slog"

const hidden = "[hidden]"

// Secret is a string that no print, log or encoder shows: to all of them it is "[hidden]", or "" if there is none. The zero value is none.
type Secret struct {
	// A pointer, because fmt doesn't ask a value in another struct's unexported field for its String method, and prints what it finds; of a
	// pointer that is the address.
	text *string
}

// NewSecret hides text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal is the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String is what is shown in place of the text.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return hidden
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText is String, for JSON, YAML and whatever else asks for text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
