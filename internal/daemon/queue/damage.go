package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// An embedded server leaves out what it can't read of its files and goes on. So it is asked whether it has all: else a queue that lost its
// transfers would look as if nothing had ever been asked.

// damaged is the error that says so.
func (q *Queue) damaged(what string) error {
	return fmt.Errorf("the files in %s are damaged: %s; put a copy of the directory back, or remove it and with it what is known of all transfers",
		q.server.dir, what)
}

// made is the file that names the streams which the server has to have.
func (q *Queue) made() string { return filepath.Join(q.o.Dir, "streams.json") }

// complete reports a stream that is named in the file and that the server does not have.
func (q *Queue) complete(ctx context.Context) error {
	text, err := os.ReadFile(q.made())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var names []string
	if err == nil {
		err = json.Unmarshal(text, &names)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", q.made(), err)
	}
	for _, name := range names {
		if _, err := q.js.Stream(ctx, name); err != nil {
			return q.damaged(fmt.Sprintf("%s can't be read (%s)", name, q.server.log.said()))
		}
	}
	return nil
}

// remember writes that file. The stream of the work is not in it: it is made anew each time.
func (q *Queue) remember() error {
	names := []string{q.events.CachedInfo().Config.Name, q.reports.CachedInfo().Config.Name}
	for _, kv := range []jetstream.KeyValue{q.transfers, q.state, q.ticks} {
		names = append(names, "KV_"+kv.Bucket())
	}
	text, err := json.Marshal(names)
	if err != nil {
		return err
	}
	temporary := q.made() + ".new"
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, q.made())
}

// agree reports what one stream tells of a transfer and another one has lost: logs are begun behind their transfer and forgotten before it,
// and numbers are taken before they are used.
func (q *Queue) agree(ctx context.Context) error {
	var number uint64
	entry, err := q.state.Get(ctx, "number")
	if err == nil {
		number, err = strconv.ParseUint(string(entry.Value()), 10, 64)
	}
	if err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
		return q.damaged(fmt.Sprintf("the number of the last transfer can't be read (%v)", err))
	}
	if last := q.view.last(); last > number {
		return q.damaged(fmt.Sprintf("there is a transfer with the number %d, and the last one was %d", last, number))
	}
	info, err := q.events.Info(ctx, jetstream.WithSubjectFilter(q.subject("events", "*")))
	if err != nil {
		return fmt.Errorf("logs: %w", err)
	}
	for subject := range info.State.Subjects {
		id := strings.TrimPrefix(subject, q.subject("events", ""))
		if _, ok := q.view.get(id); !ok {
			return q.damaged(fmt.Sprintf("transfer %s is lost, of which there is a log", id))
		}
	}
	return nil
}
