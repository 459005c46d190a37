package transfer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

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
	set := map[string]string{"jit": "off"} // compiling would take a second
	maps.Copy(set, r.Set)
	target, err := catalog.OpenSession(ctx, r.dst, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: r.srcFacts.Encoding, Application: "pgsluice preflight", Set: set,
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

// longInBinary is why a table whose rows fit as text goes as text: an array of numbers of one digit takes a few times the room.
const longInBinary = "a row of it is longer than 1 GB in binary"

// fallBack has the task go as text from now on, if err is of a row that is too long for the server in binary.
func (r *run) fallBack(t *plan.Task, err error) bool {
	var server *pgconn.PgError
	if !t.Binary || !errors.As(err, &server) || !tooLong(server) {
		return false
	}
	t.Binary, t.AsText = false, longInBinary
	r.Log.Info("goes on as text", zap.String("table", t.Name), zap.Error(err))
	return true
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
