package transfer

import (
	"fmt"
	"io"

	"pgsluice/internal/archive"
	"pgsluice/internal/plan"
)

// archiveObjects are the large objects of a task's block. It marks the errors of the archive, and misses those that the table of contents
// names and the block does not have.
type archiveObjects struct {
	*archive.Data
	wanted func(oid uint32) bool
	missed int
}

func objectsOf(d *archive.Data, t *plan.Task) *archiveObjects {
	return &archiveObjects{Data: d, wanted: wanted(t), missed: len(t.OIDs)}
}

func (o *archiveObjects) Read(p []byte) (int, error) { return archiveReader{o.Data}.Read(p) }

func (o *archiveObjects) NextObject() (uint32, error) {
	oid, err := o.Data.NextObject()
	switch {
	case err == io.EOF: //nolint:errorlint // a wrapped one is no clean end
		if o.missed > 0 {
			err = &archiveError{fmt.Errorf("the archive has the contents of %d large objects less than its table of contents names", o.missed)}
		}
	case err != nil:
		err = &archiveError{err}
	case o.wanted(oid):
		o.missed--
	}
	return oid, err
}

// wanted are the large objects of a task: others in its block were not selected, and do not exist.
func wanted(t *plan.Task) func(oid uint32) bool {
	oids := make(map[uint32]bool, len(t.OIDs))
	for _, oid := range t.OIDs {
		oids[oid] = true
	}
	return func(oid uint32) bool { return oids[oid] }
}
