package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/work"
)

// Body is what a message says.
type Body struct {
	Type      string         `json:"type"` // transfer. and its state, such as transfer.failed
	Timestamp time.Time      `json:"timestamp"`
	Data      *work.Transfer `json:"data"`
}

// message is a body for one webhook.
type message struct {
	hook     config.Webhook
	transfer string
	id       string
	body     []byte
}

func wants(hook config.Webhook, s work.State) bool { return slices.Contains(hook.Events, s) }

func newMessage(hook config.Webhook, t *work.Transfer) (*message, error) {
	body := Body{Type: "transfer." + string(t.State), Timestamp: t.Created, Data: t}
	if t.Ended != nil {
		body.Timestamp = *t.Ended
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	// The same whoever sends it, and another one where ids begin anew in a new data directory. It has no point, which parts what is signed.
	id := fmt.Sprintf("msg_%s_%d_%s", t.ID, t.Created.UnixMilli(), t.State)
	return &message{hook: hook, transfer: t.ID, id: id, body: encoded}, nil
}

// Sign is the webhook-signature of a body: that of Standard Webhooks, version 1.
func Sign(key []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body) // a hash returns no error
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// The longest pause that a receiver may ask for, and what is read of its answer so that the connection can be used again.
const (
	maxWait   = 3600     // seconds
	maxAnswer = 16 << 10 // bytes
)

// attempt sends a message once. again says that it may be tried again, not before wait.
func (s *Sender) attempt(m *message) (again bool, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeoutCause(s.ctx, s.opt.Timeout, fmt.Errorf("no answer within %v", s.opt.Timeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.hook.URL.Reveal(), bytes.NewReader(m.body))
	if err != nil {
		return false, 0, withoutURL(err)
	}
	now := time.Now()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "pgsluice")
	request.Header.Set("Webhook-Id", m.id)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("Webhook-Signature", Sign([]byte(m.hook.Key.Reveal()), m.id, now, m.body))
	answer, err := s.client.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		if s.ctx.Err() != nil {
			return false, 0, errStopped
		}
		return true, 0, withoutURL(err)
	}
	defer answer.Body.Close()
	// What can't be read is no matter: the status is known.
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	switch {
	case answer.StatusCode/100 == 2:
		return false, 0, nil
	case answer.StatusCode == http.StatusGone: // the receiver wants no more
		return false, 0, errors.New("answered 410 Gone")
	}
	// The status in our words: theirs may be anything.
	err = fmt.Errorf("answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		wait = time.Duration(min(max(seconds, 0), maxWait)) * time.Second
	}
	return true, wait, err
}

// withoutURL leaves the URL out of an error of the HTTP client: its path may be a secret.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
