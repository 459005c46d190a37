package plan

// Learn says of rows of which nothing was known how many bytes they turned out to have: an archive that comes through a pipe tells no sizes
// before. The tasks that read these rows on the target cost accordingly from then on. It changes their Bytes and Cost, so none of them may have
// been begun, and is not to be called twice for a task.
func (p *Plan) Learn(t *Task, bytes int64) {
	b := p.builder
	for oid, root := t.Relation, b.tables.root(t.Relation); ; oid = b.source.Relations[oid].Parent {
		for _, id := range b.readers[oid] {
			reads := p.Tasks[id]
			reads.Bytes += bytes
			if index := b.indexOf(reads); index != nil && reads.Phase == Indexes {
				index.Bytes += guessIndex(index.Method, bytes)
			}
			reads.Cost = b.cost(reads)
		}
		if oid == root {
			return
		}
	}
}
