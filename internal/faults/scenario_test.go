package faults

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// act is what a fault does when it fires, at the message f of l, which has not been passed on yet. All other statements and
// rows stand still until it returns. What it returns besides the verdict, if anything, is waited for with only l standing
// still.
type act func(l *link, d direction, f frame) (verdict, func())

// scenario is what the proxies do during one run of the program.
type scenario struct {
	lane    *lane
	point   *point // nil: nothing happens
	act     act
	state   string // the SQLSTATE at which the fault counts as fired, in place of the point
	gate    bool   // hold up the rows of island until the fault has fired
	witness string // URL of the source, to read what each snapshot shows; "" for none

	tracker tracker
	fired   chan struct{}
	over    chan struct{} // closed when the program has ended
	started chan struct{} // closed when process is set
	process *process

	mu        sync.Mutex
	count     int
	hasFired  bool
	struck    phase // when state came
	seen      []moment
	gated     int
	looks     int // statements of the watcher
	refusals  int // logins that a server refused for want of connections
	witnesses []contents
	children  int
	errors    []string
}

func newScenario(l *lane) *scenario {
	return &scenario{lane: l, fired: make(chan struct{}), over: make(chan struct{}), started: make(chan struct{})}
}

// begin puts the scenario before both servers and starts the program.
func (s *scenario) begin(t testing.TB, dir string, in login, flags ...string) *process {
	t.Helper()
	for _, p := range s.lane.proxies {
		p.watchWith(s.message)
	}
	s.process = start(t, dir, in, flags...)
	close(s.started)
	return s.process
}

// end waits for the program.
func (s *scenario) end(t testing.TB) int {
	t.Helper()
	code := s.process.wait(t)
	close(s.over)
	for _, p := range s.lane.proxies {
		p.watchWith(nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.errors {
		t.Error(e)
	}
	return code
}

func (s *scenario) message(l *link, d direction, f frame) verdict {
	if d == toClient {
		if v, losing := l.losing(f); losing {
			return v
		}
	}
	app := l.application()
	if app == "watch" || app == "" {
		s.mu.Lock()
		if d == toServer && f.sql() != "" {
			s.looks++
		}
		s.mu.Unlock()
		return pass
	}
	v, wait := s.happen(l, d, f, app)
	if wait != nil {
		wait()
	}
	if d == toClient && f.kind == kindCopyData && s.gate && strings.Contains(l.statement(), island) {
		s.hold(l, len(f.raw))
	}
	return v
}

// happen looks at one message and fires if it is the one.
func (s *scenario) happen(l *link, d direction, f frame, app string) (verdict, func()) {
	m, counts := s.momentOf(l, d, f, app)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case f.sqlState() == "53300":
		s.refusals++
	case s.state != "" && f.sqlState() == s.state:
		s.strike()
		s.struck = s.tracker.latest(l)
	case d == toClient && f.kind == kindDataRow && s.witness != "" && strings.Contains(l.statement(), "pg_export_snapshot"):
		s.testify(f.value())
	case d == toServer && app == "pg_dump" && f.sql() != "" && s.children == 0:
		s.lookAtChildren()
	}
	if !counts {
		return pass, nil
	}
	s.seen = append(s.seen, m)
	if s.point == nil || s.hasFired || s.state != "" {
		return pass, nil
	}
	weight := s.point.weight(m)
	if s.count += weight; weight == 0 || s.count < s.point.at {
		return pass, nil
	}
	s.hasFired = true // before act, in which some of the program's connections may end
	v, wait := s.act(l, d, f)
	close(s.fired)
	return v, wait
}

// strike marks a fault that fires in another way. s.mu is held.
func (s *scenario) strike() {
	if !s.hasFired {
		s.hasFired = true
		close(s.fired)
	}
}

func (s *scenario) momentOf(l *link, d direction, f frame, app string) (moment, bool) {
	m := moment{side: l.proxy.side, app: app}
	if f.kind == kindCopyData && (d == toServer && app == "copy-in" || d == toClient && app == "copy-out") {
		m.phase, m.sql, m.bytes = data, l.statement(), len(f.raw)-5
		return m, m.bytes > 0
	}
	if m.sql = f.sql(); d == toClient || m.sql == "" {
		return m, false
	}
	m.phase = s.tracker.of(l, m.sql)
	return m, true
}

// gateBytes of island are let through.
const gateBytes = 100_000

// hold lets the rows of island wait for the fault.
func (s *scenario) hold(l *link, bytes int) {
	s.mu.Lock()
	s.gated += bytes
	closed := s.gated > gateBytes
	s.mu.Unlock()
	if closed {
		s.until(l, s.fired)
	}
}

// until waits for done, the end of the connection, if there is one, or that of the program.
func (s *scenario) until(l *link, done <-chan struct{}) {
	var over chan struct{}
	if l != nil {
		over = l.over
	}
	select {
	case <-done:
	case <-over:
	case <-s.over:
	}
}

// testify reads the source under the snapshot id, whose name the program has not been told yet: so it is there.
func (s *scenario) testify(id string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	seen, err := readUnder(ctx, s.witness, id)
	if err != nil {
		s.errors = append(s.errors, "the witness: "+err.Error())
		return
	}
	s.witnesses = append(s.witnesses, seen)
}

func readUnder(ctx context.Context, url, id string) (contents, error) {
	conn, err := openJudge(ctx, url)
	if err != nil {
		return contents{}, err
	}
	defer conn.Close(ctx)
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return contents{}, err
	}
	if _, err := tx.Exec(ctx, "SET TRANSACTION SNAPSHOT "+literal(id)); err != nil {
		return contents{}, err
	}
	return read(ctx, conn)
}

// testimonies are what the snapshots of this run have shown, the oldest first.
func (s *scenario) testimonies() []contents {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.witnesses)
}

// outcome says whether the fault has fired, how near it came, and in which phase it did if a server's error was to tell.
func (s *scenario) outcome() (fired bool, count int, struck phase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hasFired, s.count, s.struck
}

func (s *scenario) lookAtChildren() {
	<-s.started
	found, seen := childrenTell(s.process.cmd.Process.Pid)
	s.children += seen
	for _, f := range found {
		s.errors = append(s.errors, "a child of the program shows the password: "+f)
	}
}

// quiet waits until the watcher has looked n times more, which is twice a second a server, and for 2 seconds where it does
// not look: a stall has no other measure than time.
func (s *scenario) quiet(l *link, n int) {
	s.mu.Lock()
	from := s.looks
	s.mu.Unlock()
	for !poll(2*time.Second, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		select {
		case <-l.over:
			return true
		case <-s.over:
			return true
		default:
			return s.looks >= from+n
		}
	}) {
		return
	}
}

// victim is a connection to the side, drawn among those of apps; all but the watcher's if there are none. It is nil if
// there is none.
func (s *scenario) victim(side side, pick func(n int) int, apps ...string) *link {
	var from []*link
	for _, l := range s.lane.proxies[side].live() {
		app := l.application()
		if slices.Contains(apps, app) || len(apps) == 0 && app != "watch" {
			from = append(from, l)
		}
	}
	if len(from) == 0 {
		return nil
	}
	return from[pick(len(from))]
}
