package verify

import "sync/atomic"

// Meter counts what the sides have read. Any number of sides may share one, and it may be read at any time. The zero Meter is
// ready; a nil one counts nothing.
type Meter struct {
	tables, tablesDone, rows, bytes, bytesDone atomic.Int64
}

// Count is what a Meter has counted.
type Count struct {
	Tables, TablesDone int64
	Rows               int64
	// Bytes are those of the tables on disk.
	Bytes, BytesDone int64
}

// Count reads the meter.
func (m *Meter) Count() Count {
	return Count{Tables: m.tables.Load(), TablesDone: m.tablesDone.Load(), Rows: m.rows.Load(), Bytes: m.bytes.Load(), BytesDone: m.bytesDone.Load()}
}

func (m *Meter) expect(tables map[string]*Table) {
	if m == nil {
		return
	}
	for _, t := range tables {
		if t.partsPending > 0 {
			m.tables.Add(1)
			m.bytes.Add(t.Bytes)
		}
	}
}

func (m *Meter) read(rows, bytes int64) {
	if m != nil {
		m.rows.Add(rows)
		m.bytesDone.Add(bytes)
	}
}

func (m *Meter) done() {
	if m != nil {
		m.tablesDone.Add(1)
	}
}
