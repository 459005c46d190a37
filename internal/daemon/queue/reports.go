package queue

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"pgsluice/internal/daemon/work"
)

// A report is kept compressed, in chunks, because a NATS server takes messages of 1 MiB. The headers of chunk 0 tell how many there are, and
// those of all which report they belong to. Chunk 0 is written last: it makes the report.
const (
	chunkBytes   = 512 << 10
	chunksHeader = "Chunks"
	reportHeader = "Report"
)

// PutReport keeps a transfer's report, in place of an earlier one. It is at most 64 MiB. The oldest of all vanish behind 1 GiB.
func (q *Queue) PutReport(ctx context.Context, id string, report json.RawMessage) error {
	if len(report) > maxReport {
		return fmt.Errorf("transfer %s: report: %d bytes are too many to keep", id, len(report))
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(report); err != nil {
		return fmt.Errorf("transfer %s: report: %w", id, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("transfer %s: report: %w", id, err)
	}
	text, name := packed.Bytes(), rand.Text()
	chunks := (len(text) + chunkBytes - 1) / chunkBytes
	for i := chunks - 1; i >= 0; i-- {
		m := nats.NewMsg(q.chunk(id, i))
		m.Header.Set(chunksHeader, strconv.Itoa(chunks))
		m.Header.Set(reportHeader, name)
		m.Data = text[i*chunkBytes : min((i+1)*chunkBytes, len(text))]
		if _, err := q.js.PublishMsg(ctx, m); err != nil {
			return fmt.Errorf("transfer %s: report: %w", id, err)
		}
	}
	return nil
}

func (q *Queue) chunk(id string, i int) string {
	return q.subject("reports", id+"."+strconv.Itoa(i))
}

// Report returns it or work.ErrNotFound.
func (q *Queue) Report(ctx context.Context, id string) (json.RawMessage, error) {
	if !ids.MatchString(id) {
		return nil, fmt.Errorf("transfer %s: report: %w", id, work.ErrNotFound)
	}
	var packed bytes.Buffer
	name, chunks := "", 1
	for i := 0; i < chunks; i++ {
		m, err := q.reports.GetLastMsgForSubject(ctx, q.chunk(id, i))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			err = work.ErrNotFound
		}
		if err == nil && i == 0 {
			name = m.Header.Get(reportHeader)
			chunks, err = strconv.Atoi(m.Header.Get(chunksHeader))
		}
		if err == nil && m.Header.Get(reportHeader) != name {
			err = errors.New("it is being written")
		}
		if err != nil {
			return nil, fmt.Errorf("transfer %s: report: %w", id, err)
		}
		packed.Write(m.Data)
	}
	z, err := gzip.NewReader(&packed)
	if err != nil {
		return nil, fmt.Errorf("transfer %s: report: %w", id, err)
	}
	report, err := io.ReadAll(io.LimitReader(z, maxReport))
	if err != nil {
		return nil, fmt.Errorf("transfer %s: report: %w", id, err)
	}
	return report, nil
}
