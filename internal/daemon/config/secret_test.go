package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A secret is put into whatever prints, logs and encodes, also where these can't call its methods.
func TestSecretNeverShows(t *testing.T) {
	t.Parallel()
	const text = "postgres://app:s3cret@prod/shop"
	secret := NewSecret(text)
	type outer struct {
		Open   Secret
		hidden Secret
		db     *Database
	}
	values := []any{
		secret, &secret,
		[]Secret{secret},
		map[string]Secret{"a": secret},
		map[*Secret]int{&secret: 1},
		Database{Name: "prod", URL: secret},
		&Database{URL: secret},
		Webhook{Key: secret},
		outer{Open: secret, hidden: secret, db: &Database{URL: secret}},
		&Config{databases: map[string]*Database{"prod": {URL: secret}}},
		fmt.Errorf("it is %v", secret),
	}
	var shown bytes.Buffer
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), zapcore.AddSync(&shown), zap.DebugLevel)
	logs := []*slog.Logger{slog.New(slog.NewTextHandler(&shown, nil)), slog.New(slog.NewJSONHandler(&shown, nil))}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
		for _, log := range logs {
			log.Info("m", "value", v)
		}
		zap.New(core).Info("m", zap.Any("value", v), zap.Reflect("again", v))
		zap.New(core).Sugar().Infow("m", "value", v)
		for _, encode := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
			if encoded, err := encode(v); err == nil {
				shown.Write(encoded)
			}
		}
	}
	all := shown.String()
	for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), "s3cret"} {
		if strings.Contains(all, form) {
			t.Errorf("%s is in\n%s", form, all)
		}
	}
	if !strings.Contains(all, `"value":"[hidden]"`) || !strings.Contains(all, `"URL":"[hidden]"`) {
		t.Errorf("nothing was hidden in\n%s", all)
	}
	if secret.Reveal() != text {
		t.Error("it is lost")
	}
}

func TestNoSecret(t *testing.T) {
	t.Parallel()
	var none Secret
	if none.Reveal() != "" || none.String() != "" || none != NewSecret("") {
		t.Errorf("%q, %v", none.Reveal(), none)
	}
}
