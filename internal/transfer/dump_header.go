package transfer

import (
	"context"
	"fmt"
	"runtime"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

const (
	// leastReaders keep one core compressing while another waits for the source; more than mostReaders are asked for by the
	// user: they load the source more than they speed a dump up, which one stream takes in the end.
	leastReaders = 2
	mostReaders  = 4
)

// chooseReaders finds the number of jobs where the user does not say it, and lowers it to the connections that are free.
func (d *dump) chooseReaders() {
	if d.Jobs == 0 {
		d.Jobs = min(max(runtime.NumCPU(), leastReaders), mostReaders)
	}
	if free := max(d.srcFacts.FreeConnections-readersBeside, 1); free < d.Jobs {
		d.warn("connections", fmt.Sprintf("%d are free on the source: %d jobs run instead of %d (--jobs)", d.srcFacts.FreeConnections, free, d.Jobs))
		d.Jobs = free
	}
	d.beginJobs, d.result.Jobs = d.Jobs, d.Jobs
}

// header is the table of contents as it is written: of the version and the compression that were chosen.
func (d *dump) header(toc *archive.TOC) (*archive.TOC, error) {
	made := int(toc.Header.Version.Minor)
	if d.opt.Format == PlainScript {
		d.result.Compression = compressionText(d.streamCompression())
		return toc, nil
	}
	minor := made
	if d.opt.ArchiveMinor != 0 {
		minor = d.opt.ArchiveMinor
	}
	compression := chooseCompression(d.opt.Compression, minor)
	old := compression.Algorithm == archive.LZ4 || compression.Algorithm == archive.Zstd
	switch {
	case old && minor < firstOfCompressions && d.opt.ArchiveMinor != 0:
		return nil, fmt.Errorf("--archive-version 1.%d knows gzip only, not %s: leave one of the two out", minor, compression.Algorithm)
	case old && minor < firstOfCompressions:
		minor = firstOfCompressions
		d.warn("archive", fmt.Sprintf("version 1.%d instead of 1.%d, which pg_dump %s writes, because of %s: only pg_restore 16 and newer reads it",
			minor, made, d.run.result.PgDumpVersion, compression.Algorithm))
	}
	switch {
	case minor < made:
		lower, lost, err := toc.Downgrade(byte(minor))
		if err != nil {
			return nil, fmt.Errorf("--archive-version 1.%d: %w", minor, err)
		}
		for _, what := range lost {
			d.warn("archive", what)
		}
		toc = lower
	case minor > made && minor > firstOfCompressions:
		return nil, fmt.Errorf("--archive-version 1.%d: pg_dump %s writes 1.%d, and does not say what a newer one holds: name a newer pg_dump with --pg-dump",
			minor, d.run.result.PgDumpVersion, made)
	}
	toc.Header.Version.Minor = byte(minor) // 1.15 has the entries of 1.14
	toc.Header.Compression = compression
	d.result.Version, d.result.Compression = fmt.Sprintf("1.%d", minor), compressionText(compression)
	return toc, nil
}

// firstOfCompressions is the minor version from which on an archive may be compressed by something else than gzip.
const firstOfCompressions = 15

// chooseCompression takes zstd where the archive may have it by itself: at its default level it is about as small as gzip's and
// takes a fifth of the time. Otherwise gzip, which every pg_restore reads.
func chooseCompression(chosen *archive.Compression, minor int) archive.Compression {
	switch {
	case chosen != nil:
		return *chosen
	case minor >= firstOfCompressions:
		return archive.Compression{Algorithm: archive.Zstd, Level: -1}
	}
	return archive.Compression{Algorithm: archive.Gzip, Level: -1}
}

// streamCompression is that of a script or a COPY stream.
func (d *dump) streamCompression() archive.Compression {
	if d.opt.Compression == nil {
		return archive.Compression{}
	}
	return *d.opt.Compression
}

func compressionText(c archive.Compression) string {
	if c.Algorithm == archive.NoCompression || c.Level < 0 {
		return c.Algorithm.String()
	}
	return fmt.Sprintf("%s:%d", c.Algorithm, c.Level)
}

// largeObjectsOf lists all that a database has, in the order in which pg_dump reads them.
func largeObjectsOf(ctx context.Context, conn *pgconn.PgConn) ([]uint32, error) {
	rows, err := catalog.Rows(ctx, conn, "SELECT oid FROM pg_catalog.pg_largeobject_metadata ORDER BY oid")
	if err != nil {
		return nil, fmt.Errorf("source: large objects: %w", err)
	}
	oids := make([]uint32, len(rows))
	for i, r := range rows {
		oid, err := strconv.ParseUint(r[0], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("source: large objects: %w", err)
		}
		oids[i] = uint32(oid)
	}
	return oids, nil
}
