package plan

import (
	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// Costs are in nanoseconds of one core. Only their proportions matter: they decide what is begun first. Measured once on
// PostgreSQL 15 with 400,000 rows of points, ranges, md5 texts, arrays and jsonb, the copies and checks in the databases of
// bench/results; between data of different kinds they differ by a factor of four.
const (
	costCopy     = 20.0 // a byte of a table, parsed and written by COPY
	costScan     = 2.0  // a byte of a table, read by an index build
	costCheck    = 6.0  // a byte of a table, joined with the one that it refers to
	costSampled  = 3.0  // a byte of what ANALYZE reads
	sampledBytes = 30000 * 8192
	costTask     = 2e6 // whatever it is
)

// costIndex is the cost of a byte of a finished index, by its access method.
var costIndex = map[string]float64{"btree": 25, "hash": 80, "brin": 0, "gin": 200, "gist": 300, "spgist": 190}

const costIndexOther = 200

// cost estimates how long a task takes when it is alone.
func (b *builder) cost(t *Task) float64 {
	bytes := float64(t.Bytes)
	switch {
	case t.Kind != SQL:
		return costTask + bytes*costCopy
	case t.Phase == Indexes && readsRows(t):
		return costTask + bytes*costScan + b.indexCost(t)
	case t.Desc == Validate, t.Desc == "FK CONSTRAINT", t.Desc == "CHECK CONSTRAINT":
		return costTask + bytes*costCheck
	case t.Desc == Analyze:
		return costTask + min(bytes, sampledBytes)*costSampled
	}
	return costTask
}

// indexCost is what comes on top of reading the table. The source knows how large the index will be, about.
func (b *builder) indexCost(t *Task) float64 {
	index := b.indexOf(t)
	if index == nil {
		return 0
	}
	each, ok := costIndex[index.Method]
	if !ok {
		each = costIndexOther
	}
	return float64(index.Bytes) * each
}

// indexOf is the index that a task builds, nil if it is not known.
func (b *builder) indexOf(t *Task) *catalog.Index {
	oid := t.Entry.CatalogID.OID
	if key := b.source.Keys[oid]; key != nil {
		oid = key.Index
	}
	return b.source.Indexes[oid]
}

// Chains are for each task, by its ID, the cost of the longest chain of tasks that begins with it.
func (p *Plan) Chains() []float64 { return p.chains(nil) }

// Remaining are those where the parts of a split table come one after the other: what waits for one of them waits for all, so
// the rank of a table is the same whether it is split or not.
func (p *Plan) Remaining() []float64 {
	whole := map[*archive.Entry]float64{}
	for _, t := range p.Tasks {
		if t.Parts > 0 {
			whole[t.Entry] += t.Cost
		}
	}
	return p.chains(whole)
}

// chains takes for the cost of a task that of its whole entry, if there is one. The foreign keys of one table are validated one after the other,
// whatever else is free: the first has the others behind it.
func (p *Plan) chains(whole map[*archive.Entry]float64) []float64 {
	longest := make([]float64, len(p.Tasks)) // of what waits for a task
	path := make([]float64, len(p.Tasks))
	afterData := 0.0
	validated := map[string]float64{} // of the tables' foreign keys
	for i := len(p.Tasks) - 1; i >= 0; i-- {
		t := p.Tasks[i]
		if t.Desc == Validate && t.Table != "" {
			longest[i] = max(longest[i], validated[t.Table])
			validated[t.Table] = t.Cost + longest[i]
		}
		path[i] = max(t.Cost, whole[t.Entry]) + longest[i]
		for _, waited := range [][]int{t.Needs, t.Follows} {
			for _, id := range waited {
				longest[id] = max(longest[id], path[i])
			}
		}
		if t.AfterData {
			afterData = max(afterData, path[i])
		}
	}
	for i := len(p.Tasks) - 1; i >= 0; i-- {
		// all rows come before what waits for all of them
		if t := p.Tasks[i]; t.Order == Parallel && t.Phase == Data {
			path[i] = max(path[i], t.Cost+afterData)
		}
	}
	return path
}
