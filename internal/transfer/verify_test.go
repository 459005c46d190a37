package transfer

import (
	"testing"

	"pgsluice/internal/pgtest"
)

// --verify finds a copy equal, and finds what is not: here a column of the target that rounds what it gets.
func TestCopyAndVerify(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	pgtest.Exec(t, src, smallTables("a", "b")+`CREATE TABLE price (id int PRIMARY KEY, euro numeric); INSERT INTO price VALUES (1, 10), (2, 10.5), (3, 10.25);
		CREATE SEQUENCE s; SELECT lo_from_bytea(0, 'large'); CREATE VIEW v AS SELECT * FROM a`)
	c := beginCopy(t, Options{Source: src, Target: dst, Verify: true})
	c.ok()
	if v := c.result.Verified; c.result.VerifyErr != nil || v == nil || !v.Equal() || v.Tables != 3 || v.Rows != 103 || v.LargeObjects != 1 {
		t.Fatalf("error %v, found %+v", c.result.VerifyErr, v)
	}
	rounding := pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, rounding, `CREATE TABLE a (id int, v text); CREATE TABLE b (id int, v text); CREATE SEQUENCE s; SELECT lo_create(oid) FROM pg_largeobject_metadata;
		CREATE TABLE price (id int PRIMARY KEY, euro numeric(10, 1))`)
	pgtest.Exec(t, src, "SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
	c = beginCopy(t, Options{Source: src, Target: rounding, Verify: true, DataOnly: true})
	c.ok()
	v := c.result.Verified
	if c.result.VerifyErr != nil || v == nil || len(v.Differences) != 1 {
		t.Fatalf("error %v, found %+v", c.result.VerifyErr, v)
	}
	d := v.Differences[0]
	if d.Object != "table public.price" || len(d.Located) != 2 || d.Located[1].String() != "row with id = 3: differs in column euro" {
		t.Errorf("found %+v", d)
	}
}

// A copy with --verify that is resumed compares all of it, also what an earlier run has copied.
func TestResumeAndVerify(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	halfway(t, src, dst)
	pgtest.Exec(t, dst, "UPDATE a SET v = 'changed meanwhile' WHERE id = 7")
	c := beginCopy(t, Options{Source: src, Target: dst, Verify: true, Resume: Resume})
	c.ok()
	if v := c.result.Verified; v == nil || len(v.Differences) != 1 || v.Differences[0].Object != "table public.a" {
		t.Errorf("error %v, found %+v", c.result.VerifyErr, v)
	}
}
