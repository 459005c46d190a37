package hook

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/docs"
)

// The message in `pgsluice help webhooks` is signed with the secret that the topic names, so that readers can try their code on it.
func TestTheDocumentedMessageIsSigned(t *testing.T) {
	t.Parallel()
	text, err := docs.Topic("webhooks")
	if err != nil {
		t.Fatal(err)
	}
	find := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("the topic has no %s", pattern)
		}
		return found[1]
	}
	key, err := base64.StdEncoding.DecodeString(find("whsec_([A-Za-z0-9]{30,})"))
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.ParseInt(find("Webhook-Timestamp: ([0-9]+)"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	want := Sign(key, find("Webhook-Id: (.*)"), time.Unix(seconds, 0), []byte(find(`(?m)^    (\{"type".*\})$`)))
	if got := find("Webhook-Signature: (.*)"); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	for _, pause := range []string{"5 and 30 seconds, 2, 10 and 30 minutes, and\nan hour", "within 15 seconds"} {
		if !strings.Contains(text, pause) {
			t.Errorf("the topic does not say %q", pause)
		}
	}
	var all []string
	for _, pause := range (Options{}).withDefaults().Pauses {
		all = append(all, pause.String())
	}
	if got := strings.Join(all, " "); got != "5s 30s 2m0s 10m0s 30m0s 1h0m0s" || (Options{}).withDefaults().Timeout != 15*time.Second {
		t.Errorf("the pauses are %s", got)
	}
}
