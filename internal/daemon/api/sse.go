package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"pgsluice/internal/daemon/work"
)

const eventStream = "text/event-stream"

// wantsStream reads an Accept header.
func wantsStream(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		if media, _, err := mime.ParseMediaType(part); err == nil && media == eventStream {
			return true
		}
	}
	return false
}

func unwrapped(c huma.Context) (*http.Request, http.ResponseWriter) { return humago.Unwrap(c) }

// send writes an event stream to its reader until the sequence ends, the reader is gone, or has not read for StallTimeout. It holds one message
// at a time. The error is one of the sequence: a reader who is gone is nobody's fault.
func (v *server) send(w http.ResponseWriter, r *http.Request, open func(context.Context) iter.Seq2[message, error]) error {
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	out := &reader{w: w, control: http.NewResponseController(w), patience: v.StallTimeout}
	w.Header().Set("Content-Type", eventStream)
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep the events until it has a few
	if err := out.write([]byte(": pgsluice\n\n")); err != nil {
		return nil // gone
	}

	next, over := make(chan message), make(chan error, 1)
	go func() {
		over <- func() error {
			for m, err := range open(ctx) {
				if err != nil {
					return err
				}
				select {
				case next <- m:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return ctx.Err()
		}()
	}()
	beat := time.NewTicker(v.Heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case m := <-next:
			err = out.message(m)
		case <-beat.C:
			err = out.write([]byte(":\n\n"))
		case err := <-over:
			return err
		}
		if err != nil {
			stop()
			<-over //nolint:errcheck // nobody is told any more; the sequence's goroutine does not outlive the request
			return nil
		}
	}
}

// reader is the other side of a stream.
type reader struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	text     bytes.Buffer
}

func (o *reader) message(m message) error {
	o.text.Reset()
	if m.id > 0 {
		fmt.Fprintf(&o.text, "id: %d\n", m.id)
	}
	fmt.Fprintf(&o.text, "event: %s\ndata: ", m.name)
	if err := o.encode(m.data); err != nil {
		return err
	}
	o.text.WriteByte('\n')
	return o.write(o.text.Bytes())
}

// encode writes data as JSON in one line. Hundreds of readers get the same progress, which is most of a live state, is JSON already, and is not
// looked through for each of them.
func (o *reader) encode(data any) error {
	encoder := json.NewEncoder(&o.text) // which escapes line ends in strings, and ends its own line
	encoder.SetEscapeHTML(false)
	l, ok := data.(work.Live)
	if !ok || len(l.Progress) == 0 || bytes.IndexByte(l.Progress, '\n') >= 0 {
		return encoder.Encode(data)
	}
	o.text.WriteString(`{"transfer":`)
	if err := encoder.Encode(l.Transfer); err != nil {
		return err
	}
	o.text.Truncate(o.text.Len() - 1)
	o.text.WriteString(`,"progress":`)
	o.text.Write(l.Progress)
	o.text.WriteString("}\n")
	return nil
}

// write sends text at once. It fails when the reader takes nothing for too long.
func (o *reader) write(text []byte) error {
	if err := o.control.SetWriteDeadline(time.Now().Add(o.patience)); err != nil {
		return err
	}
	if _, err := o.w.Write(text); err != nil {
		return err
	}
	return o.control.Flush()
}

// streaming documents an operation whose answer is an event stream.
func streaming(op huma.Operation, name string) huma.Operation {
	op.Errors = append(op.Errors, http.StatusServiceUnavailable)
	op.Responses["200"] = &huma.Response{
		Description: "Events as they happen, text in UTF-8.",
		Content: map[string]*huma.MediaType{eventStream: {
			Schema:  &huma.Schema{Type: huma.TypeString, Description: "Events, each with the field data in JSON."},
			Example: examples[name],
		}},
	}
	return op
}

// examples are of event streams.
var examples = map[string]string{
	"log":      "id: 1\nevent: state\ndata: {\"number\":1,\"at\":\"2026-01-15T02:30:00Z\",\"name\":\"state\",\"data\":{\"id\":\"c001\",\"state\":\"pending\"}}\n\n",
	"live":     "event: live\ndata: {\"transfer\":{\"id\":\"c001\",\"state\":\"running\"},\"progress\":{\"event\":\"progress\",\"done_bytes\":1048576}}\n\n",
	"transfer": "event: transfer\ndata: {\"id\":\"c001\",\"state\":\"running\"}\n\n",
}
