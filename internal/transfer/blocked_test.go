package transfer

import (
	"regexp"
	"strconv"
	"testing"

	"pgsluice/internal/pgtest"
)

// Who keeps pg_dump, and later --clean, waiting for a lock is said while they wait.
func TestBlockersOfSteps(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a"))
	pgtest.Exec(t, dst, smallTables("b"))
	onSource, onTarget := openSession(t, src), openSession(t, dst)
	onSource.exec("SET application_name = 'nightly report'; BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
	onTarget.exec("BEGIN; LOCK TABLE b IN ACCESS SHARE MODE")
	c := beginCopy(t, Options{Source: src, Target: dst, Clean: true, Confirm: databaseName(dst)})
	for _, s := range []struct {
		who  *session
		says string
	}{
		{onSource, `^reading the table of contents .*, blocked by pid PID \(nightly report, user postgres, idle in transaction\)$`},
		{onTarget, `^dropping what is in .*, blocked by pid PID \(user postgres, idle in transaction\)$`},
	} {
		says := regexp.MustCompile(regexp.MustCompile("PID").ReplaceAllString(s.says, strconv.Itoa(int(s.who.conn.PID()))))
		if !pgtest.Poll(patience, func() bool { return says.MatchString(c.opt.Progress.Snapshot().Step.Text) }) {
			t.Fatalf("the step is %q, not %s", c.opt.Progress.Snapshot().Step.Text, says)
		}
		s.who.exec("COMMIT")
	}
	c.ok()
}
