package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
)

// archived is what archives have in common as the origin of a transfer.
type archived struct {
	*run
	opt    RestoreOptions
	toc    *archive.TOC
	source *catalog.Source
}

// archiveError is an error of an archive: reading it again would bring the same, whatever it looks like.
type archiveError struct{ err error }

func (e *archiveError) Error() string { return e.err.Error() }
func (e *archiveError) Unwrap() error { return e.err }

// archiveReader marks the errors of an archive.
type archiveReader struct{ io.ReadCloser }

func (r archiveReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = &archiveError{err}
	}
	return n, err
}

// know takes note of what the archive says of itself and its contents. sizes are about how many bytes of rows the entries hold.
func (a *archived) know(toc *archive.TOC, sizes map[int]int64, name string) error {
	if a.toc != nil {
		return nil
	}
	chosen, wanted, err := a.opt.choose(toc)
	if err != nil {
		return &Refused{Err: err}
	}
	a.toc, a.run.wanted, a.source = chosen, wanted, plan.SourceOf(chosen, sizes)
	h := toc.Header
	a.srcFacts = &catalog.Facts{
		Version: serverVersion(h.ServerVersion), VersionText: h.ServerVersion, Database: h.Database, Encoding: toc.Encoding(),
		SearchPath: searchPathOf(toc), FreeConnections: math.MaxInt32,
	}
	a.result.Source = Endpoint{Archive: name, Database: h.Database, ServerVersion: h.ServerVersion, Created: h.Created}
	a.result.PgDumpVersion = h.DumpVersion
	a.splits = map[uint32]catalog.Split{}
	a.xids = digestOf(toc)
	a.result.Snapshot = ""
	return nil
}

// serverVersion is server_version_num of what an archive says: 9.6.24, 15.18 (Debian …), 18beta1.
func serverVersion(text string) int {
	var major, minor int
	if n, _ := fmt.Sscanf(text, "%d.%d", &major, &minor); n == 0 {
		return 0
	}
	if major < 10 {
		return major*10000 + minor*100
	}
	return major*10000 + minor
}

var setSearchPath = regexp.MustCompile(`(?m)^ALTER DATABASE .* SET search_path TO (.*);$`)

// searchPathOf is the search_path that sessions of the source had, but for what was set for roles.
func searchPathOf(toc *archive.TOC) string {
	for i := range toc.Entries {
		if e := &toc.Entries[i]; e.Desc == "DATABASE PROPERTIES" {
			if m := setSearchPath.FindStringSubmatch(e.Defn); m != nil {
				return m[1]
			}
		}
	}
	return `"$user", public`
}

// archiveDigest begins what stands in the ledger in place of what a snapshot sees.
const archiveDigest = "archive "

// digestOf tells an archive from all others: it is that of its header and table of contents, without what changes when the same dump is
// written in another format or with another compression.
func digestOf(toc *archive.TOC) string {
	hash := sha256.New()
	h := toc.Header
	fmt.Fprintf(hash, "%q %q %q %s\n", h.Database, h.ServerVersion, h.DumpVersion, h.Created.UTC().Format(time.DateTime))
	ids := make([]int, len(toc.Entries))
	for i := range toc.Entries {
		ids[i] = toc.Entries[i].DumpID
	}
	slices.Sort(ids) // a list may have them in another order
	for _, id := range ids {
		e := toc.ByID(id)
		fmt.Fprintf(hash, "%d %q %q %q %q %q %q\n", id, e.Desc, e.Namespace, e.Tag, e.Owner, e.Defn, e.CopyStmt)
	}
	return archiveDigest + hex.EncodeToString(hash.Sum(nil)[:16])
}

func (a *archived) open(context.Context) (*archive.TOC, *catalog.Source, error) {
	return a.toc, a.source, nil
}

// same compares the archives, of which the ledger has the digest in place of what a snapshot sees.
func (a *archived) same(f *ledger.State) error {
	if f.Snapshots[len(f.Snapshots)-1].XIDs == a.xids {
		return nil
	}
	return fmt.Errorf("--resume: the ledger on the target is of %s, and this is %s: give the same archive, or begin again with --restart --confirm NAME",
		f.Source, a.result.Source)
}

func (a *archived) begin(context.Context) {}

func (a *archived) ready(context.Context, *streams) error { return nil }

// check has nothing to look at: that all was read, the archive's own end marks say.
func (a *archived) check(context.Context, *streams, []*plan.Task) error { return nil }

// StdinPath is a path under which stdin can be opened once more, where the system has one and stdin is a file.
const StdinPath = "/dev/stdin"

// archiveName is how messages name an archive: by its path, or as the input.
func archiveName(path string) string {
	if path == "" || path == StdinPath {
		return "stdin"
	}
	return path
}
