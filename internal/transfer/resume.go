package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
)

// ResumeMode says whether a copy goes on with what an earlier one has left.
type ResumeMode int

const (
	// NoResume begins a copy. A target with the ledger of another one is refused.
	NoResume ResumeMode = iota
	// Resume goes on, if that makes what one snapshot has seen.
	Resume
	// ResumeMixed goes on also if rows of some tables are from one snapshot and those of others from another.
	ResumeMixed
)

// checkFormer decides what the ledger on the target, if there is one, means for this run. The claim is held.
func (r *run) checkFormer(ctx context.Context) (err error) {
	read := func(ctx context.Context, conn *pgconn.PgConn) (err error) {
		r.former, err = ledger.Read(ctx, conn)
		return err
	}
	if err := r.ledger.do(ctx, read); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	f := r.former
	switch {
	case f == nil && r.TakeOver:
		return r.ledger.do(ctx, ledger.EndWriters)
	case f == nil: // preflight has refused to resume or restart nothing
		return nil
	case r.Resume == NoResume && !r.Restart && !r.Clean:
		return fmt.Errorf("target: it has the ledger of a copy from %s that began %s and is not complete (%d of %d tasks done): --resume goes on with it, --restart begins again, pgsluice status shows it",
			f.Source, f.Started.Format(time.DateTime), len(f.Done), len(f.Entries))
	}
	return r.ledger.do(ctx, func(ctx context.Context, conn *pgconn.PgConn) error {
		if err := ledger.EndOld(ctx, conn); err != nil {
			return err
		}
		fence, err := ledger.Raise(ctx, conn)
		if err != nil || r.Resume == NoResume {
			return err
		}
		// before it is read: a crash from now on is noticed
		if err = ledger.Mark(ctx, conn); err == nil {
			r.fence, err = fence, read(ctx, conn) // it is final now
		}
		return err
	})
}

func (r *run) header() ledger.Header {
	return ledger.Header{
		ID: r.ID, Source: r.result.Source.String(), Database: r.srcFacts.Database, Choices: r.shape(), PgDump: r.result.PgDumpVersion, Plan: r.plan.Digest(),
		Fence: newFence(), Splits: r.splitsByName(),
	}
}

// newFence is such that no older run can take the new ledger for its own.
func newFence() int64 { return 1 + mathrand.Int64N(1<<50) }

func (r *run) splitsByName() map[string]catalog.Split {
	named := map[string]catalog.Split{}
	for oid, split := range r.splits {
		if len(split.Cuts) > 0 {
			named[r.survey.source.Relations[oid].Name] = split
		}
	}
	return named
}

// shape are the options that a plan depends on, as they would be typed.
func (r *run) shape() string {
	var words []string
	for _, o := range []struct {
		set  bool
		word string
	}{
		{r.SchemaOnly, "--schema-only"},
		{r.DataOnly, "--data-only"},
		{r.NoOwner, "--no-owner"},
		{r.NoACL, "--no-acl"},
		{r.NoComments, "--no-comments"},
		{r.NoTablespaces, "--no-tablespaces"},
		{r.NoPublications, "--no-publications"},
		{r.NoDBSettings, "--no-db-settings"},
		{r.Subscriptions, "--subscriptions"},
		{r.NoAnalyze, "--no-analyze"},
		{r.Vacuum == plan.VacuumNone, "--vacuum none"},
		{r.Vacuum == plan.VacuumAll, "--vacuum all"},
	} {
		if o.set {
			words = append(words, o.word)
		}
	}
	return strings.Join(append(words, r.selected...), " ")
}

// horizon is the snapshot of this run as the ledger knows it.
func (r *run) horizon(number int) ledger.Snapshot {
	return ledger.Snapshot{
		Number: number, Name: r.result.Snapshot, Cluster: r.srcFacts.SystemIdentifier, Timeline: r.srcFacts.Timeline, XIDs: r.xids,
	}
}

// checkResume compares the plan with the one that the ledger knows, and refuses what would not make one copy.
func (r *run) checkResume() error {
	if err := r.origin.same(r.former); err != nil {
		return err
	}
	if err := r.samePlan(); err != nil {
		return err
	}
	return r.sameSnapshot()
}

// sameSource refuses another database than the one that the copy was begun from. Hosts may be called otherwise, and a standby may
// have taken over; the cluster's identity tells, or where that can't be seen the name.
func (r *run) sameSource() error {
	f := r.former
	then, now := f.Snapshots[len(f.Snapshots)-1].Cluster, r.srcFacts.SystemIdentifier
	same := f.Database == r.srcFacts.Database
	if then != "" && now != "" {
		same = same && then == now
	} else {
		same = same && f.Source == r.result.Source.String()
	}
	if same {
		return nil
	}
	return fmt.Errorf("--resume: the copy was begun from another database, %s, and the source now is %s: name that one, or begin again with --restart",
		f.Source, r.result.Source)
}

// markDone tells what earlier runs have done.
func (r *run) markDone() {
	for _, t := range r.plan.Tasks {
		if d, ok := r.former.Done[t.Key]; ok && !t.Always() && !r.former.Errors[t.Key] {
			r.done.add(t.ID)
			r.Progress.Earlier(t.ID, d.Rows, d.Bytes)
		}
	}
	r.result.Resumed = len(r.done.list())
	if len(r.result.Mixed) > 0 {
		parts := make([]string, len(r.result.Mixed))
		for i, m := range r.result.Mixed {
			parts[i] = m.String()
		}
		r.warn("snapshot", "the rows are of different moments: "+strings.Join(parts, "; "))
	}
}

// samePlan refuses a plan that is another than the one that was begun, and says in what.
func (r *run) samePlan() error {
	f := r.former
	if f.Choices != r.shape() {
		return fmt.Errorf("--resume: the copy was begun with other options: %s, and now it is %s: use the same, or begin again with --restart",
			cmp.Or(f.Choices, "none"), cmp.Or(r.shape(), "none"))
	}
	if f.Plan == r.plan.Digest() {
		return nil
	}
	known := map[string]bool{}
	names := map[string]bool{}
	for _, e := range f.Entries {
		known[e.Key] = true
		names[e.Kind+" "+e.Name] = true
	}
	var differences []string
	for _, t := range r.plan.Tasks {
		name := t.Desc + " " + t.Name
		switch {
		case known[t.Key]:
			delete(known, t.Key)
		case names[name]:
			differences = append(differences, label(t)+" is defined otherwise")
		default:
			differences = append(differences, label(t)+" is new")
		}
		delete(names, name)
	}
	for _, e := range f.Entries {
		if known[e.Key] && names[e.Kind+" "+e.Name] {
			differences = append(differences, strings.ToLower(e.Kind)+" "+e.Name+" is no longer there")
		}
	}
	if len(differences) == 0 {
		differences = append(differences, "some objects are there more or fewer times")
	}
	if f.PgDump != r.result.PgDumpVersion {
		differences = append(differences, "pg_dump was "+f.PgDump+" and is "+r.result.PgDumpVersion)
	}
	return &outdated{fmt.Errorf("--resume: the source's schema is not what it was when the copy began: %s; begin again with --restart", some(differences, 5))}
}

// sameSnapshot finds out whether what is missing can be read as of the moment that what is there was read at.
func (r *run) sameSnapshot() error {
	f := r.former
	now := r.horizon(len(f.Snapshots) + 1)
	if last := f.Snapshots[len(f.Snapshots)-1]; last.Same(now) {
		now.Number = last.Number
	}
	r.snapshotNumber = now.Number
	// those that see the same are one
	sameAs := func(number int) int {
		of := now
		if number <= len(f.Snapshots) {
			of = f.Snapshots[number-1]
		}
		for _, s := range f.Snapshots {
			if s.Same(of) {
				return s.Number
			}
		}
		return number
	}
	if r.Resume == ResumeMixed {
		r.forget(r.torn(now.Number, sameAs))
	}
	use, missing := map[int][]string{}, false // snapshot to the tables read under it
	for _, t := range r.plan.Tasks {
		if t.Kind == plan.SQL {
			continue
		}
		number := now.Number
		d, ok := f.Done[t.Key]
		if ok {
			number = d.Snapshot
		}
		missing = missing || !ok
		number = sameAs(number)
		if name := label(t); !slices.Contains(use[number], name) {
			use[number] = append(use[number], name)
		}
	}
	r.result.Mixed = nil
	if len(use) < 2 {
		return nil
	}
	var parts []string
	for _, s := range append(slices.Clone(f.Snapshots), now) {
		m := Mixture{Taken: "now", Tables: use[s.Number]}
		if len(m.Tables) == 0 {
			continue
		}
		delete(use, s.Number)
		if s.Number <= len(f.Snapshots) {
			m.Taken, m.At = s.Taken.Format(time.DateTime), s.Taken
		}
		r.result.Mixed = append(r.result.Mixed, m)
		parts = append(parts, m.String())
	}
	if r.Resume == ResumeMixed || !missing { // what has arrived is as it is
		return nil
	}
	return &outdated{fmt.Errorf("--resume: the source may have been written to since (its transaction counter has moved: autovacuum, and other databases of that server, count too), so the rows could be of different moments. %s. --resume=mixed accepts that (--verify finds what differs), --restart begins again",
		strings.Join(parts, "; "))}
}

// outdated is the error of a ledger whose source is no longer what the copy was begun from.
type outdated struct{ error }

func (e *outdated) Unwrap() error { return e.error }

// NeedsRestart reports whether Resume was refused with err because the source, or its schema, has changed since: only Restart makes one copy of
// one moment.
func NeedsRestart(err error) bool {
	var m *outdated
	return errors.As(err, &m)
}

// Busy reports whether a transfer was refused with err because another pgsluice is writing to the target.
func Busy(err error) bool {
	var busy *ledger.Busy
	return errors.As(err, &busy)
}

// Mixture is which tables were read under one of several snapshots.
type Mixture struct {
	Taken  string    // when, in words
	At     time.Time // zero for this run's own
	Tables []string
}

func (m Mixture) String() string { return m.Taken + ": " + some(m.Tables, 5) }

// some lists the first words, and how many more there are.
func some(words []string, most int) string {
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}
