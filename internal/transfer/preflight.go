package transfer

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
	"pgsluice/internal/preflight"
)

const (
	// a transfer opens two snapshot holders, pg_dump's connection, one for questions, one to watch, and a reader a job
	readersBeside = 5
	// and on the target one that runs what is serial, one to watch, and a writer a job
	writersBeside = 2
)

// survey is what was found out before a transfer, and what that rests on.
type survey struct {
	findings     []preflight.Finding
	told         map[string]bool // findings that were passed on
	dry          bool            // nothing follows
	source       *catalog.Source // set when the plan is made
	aroundSource *catalog.Circumstances
	aroundTarget *catalog.Circumstances // nil without a target
	untrusted    []string               // languages of the target that are for superusers
}

func (s *survey) add(findings ...preflight.Finding) { s.findings = append(s.findings, findings...) }

// sides are the sessions that questions are asked in. target is nil without one.
type sides struct{ source, target *pgconn.PgConn }

func (s *sides) close(ctx context.Context) {
	for _, conn := range []*pgconn.PgConn{s.source, s.target} {
		if conn != nil {
			catalog.Close(ctx, conn)
		}
	}
}

// preflight logs in on both sides and refuses what can't work, before anything is read in earnest. It refuses with all
// errors at once: when there are some, a plan is made only to find the rest.
func (r *run) preflight(ctx context.Context) error {
	r.survey = survey{told: r.survey.told} // it may be tried again
	s, err := r.logIn(ctx, true)
	defer s.close(ctx)
	if err == nil && preflight.Stopping(r.survey.findings) == nil {
		err = r.look(ctx, s)
	}
	if err == nil && preflight.Stopping(r.survey.findings) != nil && !preflight.Blocked(r.survey.findings) {
		err = r.planDry(ctx, s)
	}
	if err != nil {
		return err
	}
	return r.tell()
}

// tell passes on what was found, and returns the errors among it.
func (r *run) tell() error {
	err := preflight.Stopping(r.survey.findings)
	if r.survey.told == nil {
		r.survey.told = map[string]bool{}
	}
	for _, f := range r.survey.findings {
		if r.survey.told[f.String()] {
			continue
		}
		r.survey.told[f.String()] = true
		switch f.Level {
		case preflight.Warning:
			object, message := f.Side, f.What
			if f.Do != "" {
				message += "; " + f.Do
			}
			r.warn(object, preflight.OneLine(message))
		case preflight.Note:
			r.Log.Info("note", zap.String("side", f.Side), zap.String("what", f.What), zap.String("do", f.Do))
		case preflight.Error:
		}
	}
	r.survey.findings = nil
	return err
}

// logIn opens a session on each side. Who can't be reached is a finding.
func (r *run) logIn(ctx context.Context, withTarget bool) (*sides, error) {
	s := &sides{}
	var err error
	connect := func(side, name string, address **catalog.Address, conn **pgconn.PgConn) {
		if *address, err = catalog.ParseAddress(name); err == nil {
			*conn, err = (*address).Connect(ctx, "pgsluice preflight", nil)
		}
		if err != nil {
			r.survey.add(preflight.NotReached(side, err))
			return
		}
		(*address).Pin(*conn)
	}
	connect(preflight.Source, r.Source, &r.src, &s.source)
	if withTarget {
		connect(preflight.Target, r.Target, &r.dst, &s.target)
	}
	if ctx.Err() != nil {
		return s, context.Cause(ctx)
	}
	return s, nil
}

// look finds out what can be known without a plan. Its error is of a server that does not answer as one does.
func (r *run) look(ctx context.Context, s *sides) (err error) {
	if r.srcFacts, err = catalog.ReadFacts(ctx, s.source); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	r.result.Source = endpoint(r.src, r.srcFacts)
	if s.target != nil {
		if r.dstFacts, err = catalog.ReadFacts(ctx, s.target); err != nil {
			return fmt.Errorf("target: %w", err)
		}
		r.result.Target = endpoint(r.dst, r.dstFacts)
	}
	if err := r.followRoutes(ctx, s); err != nil || preflight.Blocked(r.survey.findings) {
		return err
	}
	if s.target != nil {
		switch same, err := sameDatabase(ctx, s.source, s.target, r.srcFacts, r.dstFacts); {
		case err != nil:
			return err
		case same:
			r.survey.add(preflight.Finding{What: fmt.Sprintf("source and target are the same database, %s", r.src), Blocks: true})
			return nil
		}
	}
	r.survey.add(r.checkServers()...)
	if preflight.Blocked(r.survey.findings) {
		return nil
	}
	if err := r.lookAtSource(ctx, s.source); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if s.target == nil {
		return nil
	}
	if err := r.lookAtTarget(ctx, s.source, s.target); err != nil {
		return err
	}
	if preflight.Stopping(r.survey.findings) == nil {
		r.fitJobs()
	}
	return nil
}

func endpoint(a *catalog.Address, f *catalog.Facts) Endpoint {
	return Endpoint{Host: a.Host(), Port: a.Port(), Database: f.Database, User: f.User, ServerVersion: f.VersionText}
}

// checkServers judges the two by their facts.
func (r *run) checkServers() []preflight.Finding {
	p := preflight.Pair{
		Choices: r.preflightChoices(), Source: r.srcFacts, Target: r.dstFacts,
		SourceConnections: 1 + readersBeside, TargetConnections: 2 + writersBeside,
	}
	if r.dst != nil {
		p.TargetName, p.OneServer = r.dst.String(), r.dstFacts != nil && r.oneServer()
	}
	return p.Servers()
}

func (r *run) preflightChoices() preflight.Choices {
	return preflight.Choices{
		SchemaOnly: r.SchemaOnly, DataOnly: r.DataOnly, NoTablespaces: r.NoTablespaces, NoPublications: r.NoPublications,
		Continue: r.OnError == Continue, Clean: r.Clean || r.Restart, Confirm: r.Confirm,
	}
}

// choices are what the plan depends on. Without a target it is one for the source's own server.
func (r *run) choices() plan.Choices {
	to := r.dstFacts
	if to == nil {
		to = r.srcFacts
	}
	return plan.Choices{
		SchemaOnly: r.SchemaOnly, DataOnly: r.DataOnly, NoOwner: r.NoOwner, NoACL: r.NoACL, NoComments: r.NoComments,
		NoTablespaces: r.NoTablespaces, NoPublications: r.NoPublications, NoDBSettings: r.NoDBSettings,
		Subscriptions: r.Subscriptions, NoAnalyze: r.NoAnalyze || r.SchemaOnly,
		TargetDatabase: to.Database, TargetVersion: to.Version, Vacuum: r.Vacuum, Splits: r.splits, Formats: r.formats,
		Wanted: r.wanted, Archived: r.fromArchive(),
	}
}

// sameDatabase takes an advisory lock on one side and looks for it on the other: that holds whatever names, pools or
// tunnels led there. A standby shows its own locks only, so there the cluster's identity decides.
func sameDatabase(ctx context.Context, src, dst *pgconn.PgConn, s, d *catalog.Facts) (bool, error) {
	if s.InRecovery || d.InRecovery {
		return s.SystemIdentifier != "" && s.SystemIdentifier == d.SystemIdentifier && s.DatabaseOID == d.DatabaseOID, nil
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return false, err
	}
	key := strconv.FormatInt(int64(binary.BigEndian.Uint64(random[:])), 10)
	if _, err := catalog.Rows(ctx, src, "SELECT pg_catalog.pg_advisory_lock($1::int8)", key); err != nil {
		return false, fmt.Errorf("source: advisory lock: %w", err)
	}
	row, err := catalog.Row(ctx, dst, `
SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l, pg_catalog.pg_database d
                WHERE l.locktype = 'advisory' AND l.database = d.oid AND d.datname = pg_catalog.current_database()
                  AND (l.classid::int8 << 32 | l.objid::int8) = $1::int8)`, key)
	if err != nil {
		return false, fmt.Errorf("target: advisory lock: %w", err)
	}
	if _, err := catalog.Rows(ctx, src, "SELECT pg_catalog.pg_advisory_unlock($1::int8)", key); err != nil {
		return false, fmt.Errorf("source: advisory lock: %w", err)
	}
	return row[0] == "t", nil
}
