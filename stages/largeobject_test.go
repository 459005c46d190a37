package stages_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
	"pgsluice/pipeline"
	"pgsluice/stages"
	"pgsluice/stages/stagetest"
)

const copyObject = `SELECT count(*) FROM (SELECT lo_from_bytea(%d, decode(repeat('%02x', %d), 'hex'))) x`

// Large objects of every size around the piece, and more of them than one query reads, arrive as they were.
func TestLargeObjectsRoundTrip(t *testing.T) {
	pgtest.Server(t)
	src, dst := pgtest.Database(t), pgtest.Database(t)
	sizes := []int{0, 1, 256<<10 - 1, 256 << 10, 256<<10 + 1, 1 << 20}
	for len(sizes) < 70 {
		sizes = append(sizes, len(sizes))
	}
	var oids []uint32
	for i, size := range sizes {
		oid := uint32(70000 + i)
		oids = append(oids, oid)
		pgtest.Exec(t, src, fmt.Sprintf(copyObject, oid, i, size))
		pgtest.Exec(t, dst, fmt.Sprintf("SELECT lo_create(%d)", oid))
	}
	var read atomic.Int64
	var written int64
	_, err := pipeline.Run(t.Context(),
		stages.LargeObjectsOut(connect(t, src), oids, &read), stages.LargeObjectsIn(connect(t, dst), &written))
	if err != nil {
		t.Fatal(err)
	}
	if read.Load() != int64(len(oids)) || written != read.Load() {
		t.Errorf("%d read and %d written of %d", read.Load(), written, len(oids))
	}
	const digest = "SELECT string_agg(oid || ' ' || md5(lo_get(oid)), ',' ORDER BY oid) FROM pg_largeobject_metadata"
	if a, b := pgtest.Scalar[string](t, src, digest), pgtest.Scalar[string](t, dst, digest); a != b {
		t.Errorf("contents differ:\n%s\n%s", a, b)
	}
}

func TestLargeObjectsMissing(t *testing.T) {
	pgtest.Server(t)
	src, dst := pgtest.Database(t), pgtest.Database(t)
	pgtest.Exec(t, src, fmt.Sprintf(copyObject, 70000, 1, 10))
	var read atomic.Int64
	var written int64
	_, err := pipeline.Run(t.Context(),
		stages.LargeObjectsOut(connect(t, src), []uint32{70000}, &read), stages.LargeObjectsIn(connect(t, dst), &written))
	var failed *pipeline.Error
	var pgErr *pgconn.PgError
	if !errors.As(err, &failed) || failed.Stage != "copy-in" || !errors.As(err, &pgErr) || written != 0 {
		t.Errorf("a target without the object gave %v and %d written", err, written)
	}
	_, err = pipeline.Run(t.Context(), stages.LargeObjectsOut(connect(t, src), []uint32{70001}, &read), stages.Discard())
	if !errors.As(err, &failed) || failed.Stage != "copy-out" {
		t.Errorf("a source without the object gave %v", err)
	}
}

// pieces words plain as the contents of one large object, with the end mark.
func pieces(_ *testing.T, plain []byte) []byte {
	var stream []byte
	for at := 0; ; {
		content := plain[at:min(at+256<<10, len(plain))]
		stream = append(stream, header(70000, len(content), at)...)
		stream = append(stream, content...)
		if at += len(content); len(content) < 256<<10 {
			return append(stream, header(0, 0, 0)...)
		}
	}
}

func header(oid uint32, size, position int) []byte {
	b := binary.BigEndian.AppendUint32(nil, oid)
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	return binary.BigEndian.AppendUint64(b, uint64(position))
}

func TestLargeObjectsOutConforms(t *testing.T) {
	pgtest.Server(t)
	stagetest.Run(t, stagetest.Subject{
		First: func(t *testing.T, plain []byte) pipeline.Stage {
			url := pgtest.Database(t)
			pgtest.Exec(t, url, fmt.Sprintf(`SELECT lo_from_bytea(70000, '\x%x')`, plain))
			var count atomic.Int64
			return stages.LargeObjectsOut(connect(t, url), []uint32{70000}, &count)
		},
		Decode: func(t *testing.T, stream []byte) []byte {
			var plain []byte
			for len(stream) >= 16 {
				size := int(binary.BigEndian.Uint32(stream[4:]))
				plain = append(plain, stream[16:16+size]...)
				stream = stream[16+size:]
			}
			return plain
		},
	})
}

func TestLargeObjectsInConforms(t *testing.T) {
	url := pgtest.Database(t)
	stagetest.Run(t, stagetest.Subject{
		Last: func(t *testing.T) (pipeline.Stage, func() []byte) {
			pgtest.Exec(t, url, "SELECT lo_unlink(oid) FROM pg_largeobject_metadata; SELECT lo_create(70000)")
			count := int64(0)
			return stages.LargeObjectsIn(connect(t, url), &count), func() []byte {
				return pgtest.Scalar[[]byte](t, url, "SELECT lo_get(70000)")
			}
		},
		Encode: pieces,
	})
}

// A stream that is cut anywhere, or goes on after its end, is never taken for a whole one.
func TestLargeObjectsCut(t *testing.T) {
	pgtest.Server(t)
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "SELECT lo_create(70000)")
	whole := pieces(t, []byte("hello"))
	conn := connect(t, url)
	in := func(stream []byte, last error) error {
		n := int64(0)
		source := pipeline.Stage{Name: "source", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
			if _, err := w.Write(stream); err != nil {
				return err
			}
			return last
		}}
		_, err := pipeline.Run(t.Context(), source, stages.LargeObjectsIn(conn, &n))
		return err
	}
	if err := in(whole, nil); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := in(whole[:n], nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d of %d: %v", n, len(whole), err)
		}
	}
	if err := in(append(bytes.Clone(whole), 1), nil); err == nil {
		t.Error("a byte after the end was accepted")
	}
	broken := errors.New("broken")
	if err := in(whole, broken); !errors.Is(err, broken) {
		t.Errorf("an upstream error after the end mark gave %v", err)
	}
	huge := header(70000, 1<<31, 0)
	if err := in(huge, nil); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a piece of 2 GiB gave %v", err)
	}
}
