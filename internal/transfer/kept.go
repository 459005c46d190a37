package transfer

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/ledger"
	"pgsluice/internal/progress"
)

// Kept is what a ledger says, for people. It holds no password.
type Kept struct {
	ID     string
	Source string // where the rows come from, as it is shown
	// Archived says that this is an archive.
	Archived bool
	Options  string // the flags that shape the plan, as they would be typed; a --resume must have the same
	PgDump   string // the version that wrote the table of contents
	Began    time.Time
	Latest   time.Time // when the latest task was done; zero if none is

	Tasks, Done int
	Phases      []KeptPhase // those of the plan, in order
	Tables      []KeptTable // in the order of the plan
	Failed      []KeptFailure
	Snapshots   []KeptSnapshot
}

// KeptPhase is how far a phase is. Rows and Bytes are counted, of what is done.
type KeptPhase struct {
	Name        string
	Total, Done int
	Rows, Bytes int64
}

// KeptTable is a table whose rows are copied.
type KeptTable struct {
	Name         string
	Parts, Done  int
	Rows, Bytes  int64 // counted, of the parts that are done
	ExpectedRows int64 // about how many there are in all; 0 if that is not known, and of bytes too
	Expected     int64
}

// KeptFailure is an object that could not be made.
type KeptFailure struct {
	Phase, Kind, Name string
	Error             string
	There             bool // it was made, but not all of it: without its owner
}

// KeptSnapshot is one that rows were read under. Several that see the same are one.
type KeptSnapshot struct {
	Name   string
	Taken  time.Time
	Tables []string // done, in part at least
}

func keptOf(s *ledger.State) *Kept {
	k := &Kept{ID: s.ID, Source: s.Source, Options: s.Choices, PgDump: s.PgDump, Began: s.Started, Tasks: len(s.Entries)}
	k.Archived = len(s.Snapshots) > 0 && strings.HasPrefix(s.Snapshots[0].XIDs, archiveDigest)
	for _, p := range progress.Phases() {
		k.addPhase(s, p.String())
	}
	tables := map[string]int{}
	for _, e := range s.Entries {
		done, ok := s.Done[e.Key]
		if ok {
			k.Done++
			if done.Finished.After(k.Latest) {
				k.Latest = done.Finished
			}
		}
		if e.Error != "" {
			k.Failed = append(k.Failed, KeptFailure{Phase: e.Phase, Kind: e.Kind, Name: e.Name, Error: e.Error, There: ok})
		}
		if e.Kind != progress.TableData {
			continue
		}
		i, known := tables[e.Name]
		if !known {
			i = len(k.Tables)
			tables[e.Name] = i
			k.Tables = append(k.Tables, KeptTable{Name: e.Name})
		}
		t := &k.Tables[i]
		t.Parts++
		t.ExpectedRows += e.Rows
		t.Expected += e.Bytes
		if ok {
			t.Done++
			t.Rows += done.Rows
			t.Bytes += done.Bytes
		}
	}
	k.addSnapshots(s)
	return k
}

func (k *Kept) addPhase(s *ledger.State, name string) {
	p := KeptPhase{Name: name}
	for _, e := range s.Entries {
		if e.Phase != name {
			continue
		}
		p.Total++
		if d, ok := s.Done[e.Key]; ok {
			p.Done++
			p.Rows += d.Rows
			p.Bytes += d.Bytes
		}
	}
	if p.Total > 0 {
		k.Phases = append(k.Phases, p)
	}
}

// addSnapshots says which tables were read under which snapshot.
func (k *Kept) addSnapshots(s *ledger.State) {
	place := map[int]int{} // of a snapshot's number, among those that are shown
	for i, snapshot := range s.Snapshots {
		same := slices.IndexFunc(s.Snapshots[:i], snapshot.Same)
		if same >= 0 {
			place[snapshot.Number] = place[s.Snapshots[same].Number]
			continue
		}
		place[snapshot.Number] = len(k.Snapshots)
		k.Snapshots = append(k.Snapshots, KeptSnapshot{Name: snapshot.Name, Taken: snapshot.Taken})
	}
	type reading struct {
		snapshot int
		table    string
	}
	listed := map[reading]bool{}
	for _, e := range s.Entries {
		d, ok := s.Done[e.Key]
		i, known := place[d.Snapshot]
		if !ok || !known || e.Phase != progress.Data.String() || e.Kind != progress.TableData && d.Bytes == 0 {
			continue
		}
		if r := (reading{i, e.Name}); !listed[r] {
			listed[r] = true
			k.Snapshots[i].Tables = append(k.Snapshots[i].Tables, e.Name)
		}
	}
	// one that nothing was done under is of no interest, unless it is the only one
	if len(k.Snapshots) > 1 {
		k.Snapshots = slices.DeleteFunc(k.Snapshots, func(s KeptSnapshot) bool { return len(s.Tables) == 0 })
	}
	slices.SortStableFunc(k.Snapshots, func(a, b KeptSnapshot) int { return cmp.Compare(a.Taken.UnixMicro(), b.Taken.UnixMicro()) })
}

// TablesDone is how many tables have arrived in full.
func (k *Kept) TablesDone() (n int) {
	for _, t := range k.Tables {
		if t.Done == t.Parts {
			n++
		}
	}
	return n
}

// takenOver reports whether err says that the ledger is another run's by now, or is gone.
func takenOver(err error) bool {
	var busy *ledger.Busy
	return errors.Is(err, ledger.ErrFenced) || errors.As(err, &busy)
}
