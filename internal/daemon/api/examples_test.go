package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/token"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/daemon/worktest"
	"pgsluice/internal/docs"
)

// always lets in who has the secret, by the name that the examples have.
type always struct{ secret string }

func (a always) Check(secret string) (token.Token, bool, error) {
	return token.Token{Name: "first", Role: token.Operate, Created: worktest.Begin}, secret == a.secret, nil
}

// TestExamples runs each command of pgsluice help api as it stands there, and compares the answer with the one that stands below it. So no
// endpoint can be without an example, and none can be wrong.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	text, err := docs.Topic("api")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	memory := worktest.New()
	const secret = "pgs_example"
	h := api.New(memory, always{secret}, api.Options{})
	url := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.NewReplacer("c001", "{id}", "/nightly", "/{name}").Replace(r.URL.Path)
		asked[strings.ToLower(r.Method)+" "+path] = true
		h.ServeHTTP(w, r)
	}))
	var define string
	for _, e := range examples(text) {
		if strings.HasPrefix(e.command, "api()") {
			define = e.command
			continue
		}
		switch { // what a daemon would do in the meantime
		case e.command == "api /v1/transfers/c001":
			memory.Set("c001", func(t *work.Transfer) { t.State, t.Started, t.Attempts = work.Running, &worktest.Begin, 1 })
		case strings.Contains(e.command, "after=3"):
			memory.Log("c001", "warning", json.RawMessage(`{"object": "extension plpgsql", "message": "the comment was not set"}`))
		case strings.Contains(e.command, "/report"):
			memory.Reported("c001", json.RawMessage(`{"outcome": "complete", "exit_code": 0}`))
		}
		got := run(t, define+"\n"+e.command, "PGSLUICE_SERVER="+url, "PGSLUICE_TOKEN="+secret)
		if !sameAnswer(t, got, e.answer) {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", e.command, got, e.answer)
		}
	}
	for path, operations := range document(t).Paths {
		for method := range operations {
			if !asked[method+" "+path] {
				t.Errorf("%s %s has no example", method, path)
			}
		}
	}
}

// example is a command and what it prints.
type example struct{ command, answer string }

// examples are the commands of a document: blocks that begin with api or curl, each with the block behind it unless that is a command, too.
func examples(text string) []example {
	var found []example
	lines := strings.Split(text, "\n")
	for at := 0; at < len(lines); {
		var block []string
		for ; at < len(lines) && strings.HasPrefix(lines[at], "    "); at++ {
			block = append(block, lines[at][4:])
		}
		at++
		joined := strings.Join(block, "\n")
		switch {
		case joined == "":
		case strings.HasPrefix(joined, "api") || strings.HasPrefix(joined, "curl"):
			found = append(found, example{command: joined})
		case len(found) > 0 && found[len(found)-1].answer == "":
			found[len(found)-1].answer = joined
		}
	}
	return found
}

// run runs a command until its end, or until it has printed an event: streams go on for ever.
func run(t *testing.T, command string, env ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -e\n"+command)
	cmd.Env = append(cmd.Environ(), env...)
	var stderr bytes.Buffer
	out := &untilEvent{ended: stop}
	cmd.Stdout, cmd.Stderr = out, &stderr
	cmd.WaitDelay = time.Second // curl, which bash leaves behind, has the pipe
	if err := cmd.Run(); err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		t.Fatalf("%s: %v\n%s", command, err, stderr.String())
	}
	return out.text()
}

// untilEvent keeps what is printed, and calls ended when that is a whole event.
type untilEvent struct {
	all   bytes.Buffer // not embedded: its ReadFrom would pass Write by
	ended func()
}

func (u *untilEvent) Write(p []byte) (int, error) {
	n, err := u.all.Write(p)
	if so := u.all.String(); strings.Contains(so, "\ndata: ") && strings.HasSuffix(so, "\n\n") {
		u.ended()
	}
	return n, err
}

// text is without comments.
func (u *untilEvent) text() string {
	var lines []string
	for line := range strings.SplitSeq(u.all.String(), "\n") {
		if !strings.HasPrefix(line, ":") {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// sameAnswer compares JSON as JSON, and events by their fields.
func sameAnswer(t *testing.T, got, want string) bool {
	t.Helper()
	return normal(t, got) == normal(t, want)
}

func normal(t *testing.T, text string) string {
	t.Helper()
	var head, data []string
	for line := range strings.SplitSeq(text, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "id", "event":
			head = append(head, line)
		case "data":
			data = append(data, value)
		default:
			data = append(data, line)
		}
	}
	var b bytes.Buffer
	whole := strings.TrimSpace(strings.Join(data, "\n"))
	if whole == "" {
		return ""
	}
	if err := json.Compact(&b, []byte(whole)); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return strings.Join(append(head, b.String()), "\n")
}
