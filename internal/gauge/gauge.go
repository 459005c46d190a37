package gauge

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/catalog"
)

// gauge is one run.
type gauge struct {
	Options
	result             *Result
	src, dst           *catalog.Address
	srcFacts, dstFacts *catalog.Facts
	tables             []*table // chosen
	queue              *queue
	sample             *sample
	scratch            scratch
	removeTime         time.Duration
}

// Run measures until all is done, ctx is over, or a server is gone. What has been measured by then is in the result also
// beside an error; the result is nil if there is nothing. The error is a *[Refused] if nothing was begun. An error that holds a *[LeftBehind] tells that the schema on the target
// could not be removed. Of a ctx that is over the error is its cause.
func Run(ctx context.Context, opt Options) (*Result, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	return run(ctx, opt, removeTime)
}

func run(ctx context.Context, opt Options, removeTime time.Duration) (*Result, error) {
	g := &gauge{Options: opt, result: &Result{Started: time.Now()}, removeTime: removeTime}
	if err := g.connect(ctx); err != nil {
		return nil, err
	}
	err := g.measure(ctx)
	g.addNotes()
	g.result.Ended = time.Now()
	g.result.Verdict = Judge(g.result)
	return g.result, err
}

// connect looks at both sides and refuses what can't go well. It changes nothing.
func (g *gauge) connect(ctx context.Context) error {
	var err error
	if g.src, err = catalog.ParseAddress(g.Source); err != nil {
		return refuse("source: %w", err)
	}
	if g.Target != "" {
		if g.dst, err = catalog.ParseAddress(g.Target); err != nil {
			return refuse("target: %w", err)
		}
		if g.dst.Database() != g.Confirm {
			return refuse("--confirm %q is not the target database's name, %q: nothing was done", g.Confirm, g.dst.Database())
		}
	}
	source, err := look(ctx, g.src)
	if err != nil {
		return refusedBy(ctx, "source", err)
	}
	g.srcFacts, g.result.Source = source.facts, source.side
	free := source.facts.FreeConnections
	if g.dst != nil {
		target, err := look(ctx, g.dst)
		if err != nil {
			return refusedBy(ctx, "target", err)
		}
		g.dstFacts, g.result.Target = target.facts, &target.side
		if err := g.checkTarget(target); err != nil {
			return err
		}
		g.result.SameServer = source.started == target.started && source.facts.SystemIdentifier == target.facts.SystemIdentifier && source.side.Port == target.side.Port
		g.result.SameMachine = g.result.SameServer || sameMachine(source.address, target.address)
		if g.result.SameServer {
			free /= 2
		}
		free = min(free, target.facts.FreeConnections-1) // one makes and empties the tables
	}
	if free < 1 {
		return refuse("the servers have no free connection for a measurement")
	}
	if free < g.Jobs {
		g.note("%s instead of %d: the servers have no more free connections", streamsAre(free), g.Jobs)
		g.Jobs = free
	}
	g.scratch.comment = fmt.Sprintf("pgsluice bench, begun %s, %s: scratch tables, removed at its end", time.Now().UTC().Format("2006-01-02 15:04:05 UTC"), rand.Text()[:8])
	return nil
}

func refusedBy(ctx context.Context, side string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Refused{Err: fmt.Errorf("%s: %w", side, err)}
}

// glance is what a first look at a server tells.
type glance struct {
	facts     *catalog.Facts
	side      Side
	address   net.Addr
	started   string
	mayCreate bool
	comment   string // of the schema, if taken
	taken     bool
}

func look(ctx context.Context, a *catalog.Address) (*glance, error) {
	conn, err := a.Connect(ctx, application, nil)
	if err != nil {
		return nil, err
	}
	defer catalog.Close(ctx, conn)
	a.Pin(conn) // all figures are of one server
	l := &glance{address: conn.Conn().RemoteAddr()}
	if l.facts, err = catalog.ReadFacts(ctx, conn); err != nil {
		return nil, err
	}
	_, overTLS := conn.Conn().(*tls.Conn)
	l.side = Side{
		Host: a.Host(), Port: int(a.Port()), Database: l.facts.Database, User: l.facts.User, ServerVersion: l.facts.VersionText,
		Standby: l.facts.InRecovery, TLS: overTLS,
	}
	row, err := catalog.Row(ctx, conn, "SELECT pg_catalog.pg_postmaster_start_time(), pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')")
	if err != nil {
		return nil, err
	}
	l.started, l.mayCreate = row[0], row[1] == "t"
	if l.comment, l.taken, err = scratchComment(ctx, conn); err != nil {
		return nil, err
	}
	return l, nil
}

func (g *gauge) checkTarget(t *glance) error {
	switch {
	case t.facts.Database != g.Confirm: // a pooler may know it by another name
		return refuse("--confirm %q is not the target database's name, %q: nothing was done", g.Confirm, t.facts.Database)
	case t.facts.InRecovery:
		return refuse("target: the server is a standby: nothing can be written there")
	case !t.mayCreate:
		return refuse("target: user %q may not make a schema in database %q: GRANT CREATE ON DATABASE, or leave the target out", t.facts.User, t.facts.Database)
	case t.taken:
		return errTaken(t.facts.Database, shown(t.comment))
	}
	return nil
}

// sameMachine says whether two servers are likely to share cores.
func sameMachine(a, b net.Addr) bool {
	host := func(addr net.Addr) string {
		tcp, ok := addr.(*net.TCPAddr)
		if !ok || tcp.IP.IsLoopback() {
			return "here"
		}
		return tcp.IP.String()
	}
	return host(a) == host(b)
}

// note adds a sentence, without its full stop.
func (g *gauge) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	g.result.Notes = append(g.result.Notes, strings.ToUpper(text[:1])+text[1:])
}

// measure is the run itself.
func (g *gauge) measure(ctx context.Context) error {
	if err := g.survey(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{g.readLink, g.readSource, g.takeSample, g.compressSample} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if g.dst == nil {
		return nil
	}
	return g.measureTarget(ctx)
}

// survey reads what there is on the source.
func (g *gauge) survey(ctx context.Context) error {
	conn, err := g.reader(ctx)
	if err != nil {
		return err
	}
	defer catalog.Close(ctx, conn)
	if g.result.Source.RoundTrip, err = roundTrip(ctx, conn); err != nil {
		return g.inSurvey(ctx, err)
	}
	tables, err := readTables(ctx, conn)
	if err != nil {
		return g.inSurvey(ctx, err)
	}
	g.result.AllTables = len(tables)
	for _, t := range tables {
		g.result.AllBytes += t.bytes
	}
	chosen, unreadable := choose(tables, g.srcFacts.InRecovery)
	if unreadable > 0 {
		g.note("%d of %d tables can't be read by user %q and were left out", unreadable, len(tables), g.srcFacts.User)
	}
	if len(chosen) > 0 {
		if err := readColumns(ctx, conn, chosen); err != nil {
			return g.inSurvey(ctx, err)
		}
		chosen = slices.DeleteFunc(chosen, func(t *table) bool { return len(t.columns) == 0 })
	}
	g.tables = chosen
	g.queue = newQueue(chosen, chunkBytes(g.result.Source.RoundTrip.Median), g.srcFacts.Version)
	for _, t := range chosen {
		g.result.Tables = append(g.result.Tables, Table{Name: shown(t.name), Bytes: t.bytes})
	}
	g.result.Generated = len(chosen) == 0
	return nil
}

func (g *gauge) inSurvey(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("source: %w", err)
}

// measureTarget makes the schema, measures what needs it, and removes it.
func (g *gauge) measureTarget(ctx context.Context) (err error) {
	if err := g.pingTarget(ctx); err != nil {
		return err
	}
	defer func() {
		if left := g.removeScratch(ctx); left != nil {
			err = errors.Join(err, left)
		}
	}()
	if err := g.makeScratch(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{g.writeLink, g.writeTarget} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return g.copyThrough(ctx, bestFormat(g.result))
}

func (g *gauge) pingTarget(ctx context.Context) error {
	conn, err := g.writer(ctx)
	if err != nil {
		return err
	}
	defer catalog.Close(ctx, conn)
	if g.result.Target.RoundTrip, err = roundTrip(ctx, conn); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("target: %w", err)
	}
	return nil
}
