package transfer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// Format says in which of COPY's formats the rows travel.
type Format int

const (
	// FormatAuto is binary for each table where that is right, and text for the others: the plan says why.
	FormatAuto Format = iota
	// FormatBinary is the same, and warns of the tables that go as text.
	FormatBinary
	// FormatText is text for all tables.
	FormatText
)

// readFormats reads what the formats are chosen by. conn reads the source under the snapshot.
func (r *run) readFormats(ctx context.Context, conn *pgconn.PgConn) (*plan.Formats, error) {
	if r.SchemaOnly || r.Format == FormatText {
		return nil, nil //nolint:nilnil // there is nothing to choose
	}
	source, err := catalog.ReadLayout(ctx, conn, true)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	f := &plan.Formats{Source: source, Anew: r.Clean || r.Restart && !r.DataOnly}
	if r.dstFacts == nil {
		return f, nil
	}
	target, err := catalog.OpenSession(ctx, r.dst, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: r.srcFacts.Encoding, Application: "pgsluice preflight", Set: r.Set,
	})
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	defer catalog.Close(ctx, target)
	if f.Target, err = catalog.ReadLayout(ctx, target, r.DataOnly || r.Resume != NoResume); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	if f.Offers, err = catalog.Offers(ctx, target, slices.Collect(maps.Keys(source.Extensions))); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return f, nil
}

// tellText names the tables that go as text although binary was asked for.
func (r *run) tellText() {
	if r.Format != FormatBinary {
		return
	}
	var tables []string
	for _, t := range r.plan.Tasks {
		if t.Kind == plan.Rows && !t.Binary && t.Part <= 1 {
			tables = append(tables, t.Name+" ("+t.AsText+")")
		}
	}
	if len(tables) > 0 {
		r.warn("--format binary", "these tables go as text, since binary would not arrive as it is: "+some(tables, 5))
	}
}
