package faults

import (
	"os"
	"path/filepath"
	"testing"

	"pgsluice/internal/pgtest"
)

// The tablespace small lies on a disk of its own, which a case fills.
const (
	small = "small"
	roomy = 200 << 20
)

// makeDisk gives the target's server the tablespace. Where that can't be, the cases of full disks are left out, with the
// reason.
func (l *lane) makeDisk(t testing.TB) {
	t.Helper()
	c := l.clusters[target]
	dir := filepath.Join(c.Dir(), small)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if l.noDisk = smallDisk(dir, filepath.Join(c.Dir(), "data"), roomy); l.noDisk != nil {
		return
	}
	l.disk = dir
	if err := l.admin(target, "CREATE TABLESPACE "+small+" LOCATION "+literal(dir)); err != nil {
		t.Fatal(err)
	}
	// it runs before the cluster is removed, whose folder it lies in
	t.Cleanup(func() {
		if err := c.Crash(); err != nil {
			t.Error(err)
		}
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	})
}

// fillDisk leaves less room than the copy needs. Rows come first, so the less it is the earlier it is used up; in which phase
// that is, is seen when it is.
func fillDisk(p *play) {
	if p.lane.noDisk != nil {
		p.Skip("no full disk:", p.lane.noDisk)
	}
	room := p.rng.IntN(calibrated.size / 4)
	if p.phase == indexes {
		room = calibrated.size/4 + p.rng.IntN(calibrated.size/6)
	}
	empty := pgtest.Scalar[int](p, p.lane.url(target, "postgres"), "SELECT pg_tablespace_size("+literal(small)+")")
	p.Logf("%d bytes in use, %d left of some %d that are needed", empty, room, calibrated.size)
	if err := resizeDisk(p.lane.disk, empty+room); err != nil {
		p.Fatal(err)
	}
	p.settle = append(p.settle, func() {
		if err := resizeDisk(p.lane.disk, roomy); err != nil {
			p.Error(err)
		}
	})
}

// full is the fault.
var full = &fault{
	name: "disk full", places: func(p phase, s side) bool { return s == target && (p == data || p == indexes) }, state: "53100", act: nothing, tablespace: small,
	before: fillDisk, expect: only(resumed), says: []string{"No space left|no room left", `sales\.|odd|large object`},
}
