package transfer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

const (
	// bounds of what SplitAbove is by itself: below, a part's own transaction and its COPY's beginning would count; above, a lost
	// connection would cost much
	leastSplitAbove = 128 << 20
	mostSplitAbove  = 2 << 30
	// so many parts for each stream that none waits long for the last one
	partsPerJob = 8
	mostParts   = 10_000
)

// splitAbove is the size on disk from which on a table is copied in parts of about half of that; 0 is never. Of one stream
// alone the parts would only come one after the other.
func (r *run) splitAbove(source *catalog.Source) int64 {
	switch {
	case r.SplitAbove > 0:
		return r.SplitAbove
	case r.SplitAbove < 0 || r.Jobs == 1:
		return 0
	}
	whole := int64(0)
	for _, rel := range source.Relations {
		whole += rel.Heap + rel.TOAST
	}
	return min(max(leastSplitAbove, whole*2/int64(partsPerJob*r.Jobs)), mostSplitAbove)
}

// split decides which tables are copied in parts. A run that resumes makes those that the ledger knows: each is a task of
// its own there. conn reads under the snapshot.
func (r *run) split(ctx context.Context, conn *pgconn.PgConn, source *catalog.Source) (map[uint32]catalog.Split, error) {
	splits := map[uint32]catalog.Split{}
	if r.SchemaOnly {
		return splits, nil
	}
	if r.Resume != NoResume && r.former != nil {
		for oid, rel := range source.Relations {
			if split, ok := r.former.Splits[rel.Name]; ok {
				splits[oid] = split
			}
		}
		return splits, nil
	}
	above := r.splitAbove(source)
	if above == 0 {
		return splits, nil
	}
	for _, oid := range slices.Sorted(maps.Keys(source.Relations)) {
		rel := source.Relations[oid]
		size := rel.Heap + rel.TOAST
		if rel.Heap == 0 || size <= above {
			continue
		}
		split, err := catalog.Cut(ctx, conn, r.srcFacts.Version, rel, int(min((2*size+above-1)/above, mostParts)))
		if err != nil {
			return nil, fmt.Errorf("source: parting table %s (--split-above 0 copies each table whole): %w", rel.Name, err)
		}
		splits[oid] = split
	}
	return splits, nil
}
