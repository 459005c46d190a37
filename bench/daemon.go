package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// daemon is pgsluice serve between the two servers: its databases are from and to.
type daemon struct {
	dir, url, token string
	process         *exec.Cmd
	said            bytes.Buffer // on stderr
}

// serve starts a daemon without a past and waits until it listens. The caller ends it.
func (f *field) serve(ctx context.Context) (*daemon, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	d := &daemon{url: "http://127.0.0.1:" + port}
	if d.dir, err = os.MkdirTemp(f.dir, "daemon-"); err != nil {
		return nil, err
	}
	config := filepath.Join(d.dir, "pgsluice.yaml")
	if err := os.WriteFile(config, []byte("databases:\n  from: {url_env: BENCH_FROM}\n  to: {url_env: BENCH_TO}\n"), 0o600); err != nil {
		return nil, err
	}
	d.process = command(ctx, f.pgsluice, "serve", "--config", config, "--data", filepath.Join(d.dir, "data"), "--listen", "127.0.0.1:"+port)
	d.process.Env = append(d.process.Env, "BENCH_FROM="+f.src.url("bench"), "BENCH_TO="+f.dst.url("bench"), "PATH="+f.bin+":"+os.Getenv("PATH"))
	d.process.Stderr = &d.said
	stdout, err := d.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.process.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if _, secret, ok := strings.Cut(lines.Text(), "once: "); ok {
			d.token = secret
			return d, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("pgsluice serve does not start: %s", d.said.String()), d.end())
}

// end stops the daemon and removes what it has kept. Its processor time is known then.
func (d *daemon) end() error {
	return errors.Join(d.process.Process.Signal(os.Interrupt), d.process.Wait(), os.RemoveAll(d.dir))
}

// request is one to the daemon's API.
func (d *daemon) request(ctx context.Context, method, path, body string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, d.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+d.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// transfer is as much of one as is looked at.
type transfer struct {
	ID, State, Error string
	Started, Ended   time.Time
}

func (d *daemon) ask(ctx context.Context, method, path, body string) (t transfer, err error) {
	r, err := d.request(ctx, method, path, body)
	if err != nil {
		return t, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return t, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	return t, err
}

// copied is how long the daemon takes for a copy. begun is called when it is at work.
func (d *daemon) copied(ctx context.Context, begun func(id string) error) (time.Duration, error) {
	t, err := d.ask(ctx, http.MethodPost, "/v1/transfers", `{"kind": "copy", "source": "from", "target": "to", "options": {"jobs": 2}}`)
	if err != nil {
		return 0, err
	}
	if err := begun(t.ID); err != nil {
		return 0, err
	}
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		switch t, err = d.ask(ctx, http.MethodGet, "/v1/transfers/"+t.ID, ""); {
		case err != nil:
			return 0, err
		case t.State == "completed":
			return t.Ended.Sub(t.Started), nil
		case t.State == "failed" || t.State == "canceled":
			return 0, fmt.Errorf("the copy is %s: %s", t.State, t.Error)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-look.C:
		}
	}
}
