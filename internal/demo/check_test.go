package demo

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/transfer"
)

// fillShop makes a small shop in a database.
func fillShop(t *testing.T, url string) {
	t.Helper()
	f, err := openFiller(t.Context(), url, small)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close(context.WithoutCancel(t.Context()))
	if err := errors.Join(f.rows(t.Context()), f.finish(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// Each change below is found, and named, and its undoing is found equal again, although the rows then lie in another
// order.
func TestCompareFindsEachChange(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	fillShop(t, src)
	pgtest.Exec(t, src, "CREATE TABLE twins AS VALUES (1), (1)")
	if _, err := transfer.Copy(t.Context(), transfer.Options{Source: src, Target: dst}); err != nil {
		t.Fatal(err)
	}
	const other = ": as many rows on both sides, but not the same"
	for _, c := range []struct{ change, undo, want string }{
		{ // a text
			change: "UPDATE customers SET name = lower(left(name, 1)) || substr(name, 2) WHERE id = 1",
			undo:   "UPDATE customers SET name = upper(left(name, 1)) || substr(name, 2) WHERE id = 1",
			want:   "table public.customers" + other,
		},
		{ // a bytea
			change: "UPDATE documents SET sha256 = set_byte(sha256, 31, get_byte(sha256, 31) # 128)",
			undo:   "UPDATE documents SET sha256 = set_byte(sha256, 31, get_byte(sha256, 31) # 128)",
			want:   "table public.documents" + other,
		},
		{ // a jsonb
			change: `UPDATE events SET payload = payload || '{"ms": -1}' || jsonb_build_object('was', payload -> 'ms') WHERE id = 77`,
			undo:   `UPDATE events SET payload = payload - 'was' || jsonb_build_object('ms', payload -> 'was') WHERE id = 77`,
			want:   "table public.events" + other,
		},
		{ // a numeric
			change: "UPDATE payments SET amount = amount + 0.01 WHERE invoice_no = (SELECT max(invoice_no) FROM payments)",
			undo:   "UPDATE payments SET amount = amount - 0.01 WHERE invoice_no = (SELECT max(invoice_no) FROM payments)",
			want:   "table public.payments" + other,
		},
		{ // the parts of a point
			change: "UPDATE addresses SET place = point(place[1], place[0]) WHERE id = 5",
			undo:   "UPDATE addresses SET place = point(place[1], place[0]) WHERE id = 5",
			want:   "table public.addresses" + other,
		},
		{ // NULL is not the empty string
			change: "UPDATE orders_2025_08 SET note = '' WHERE note IS NULL",
			undo:   "UPDATE orders_2025_08 SET note = NULL WHERE note = ''",
			want:   "table public.orders_2025_08" + other,
		},
		{ // an interval that is equal to the server, and reads otherwise
			change: "UPDATE orders_2025_09 SET promised_in = '24:00' WHERE promised_in = '1 day'",
			undo:   "UPDATE orders_2025_09 SET promised_in = '1 day' WHERE promised_in = '1 day'",
			want:   "table public.orders_2025_09" + other,
		},
		{ // two rows exchange their values
			change: "UPDATE promotions SET percent = CASE id WHEN 1 THEN 10.0 ELSE 5.0 END WHERE id IN (1, 2)",
			undo:   "UPDATE promotions SET percent = CASE id WHEN 1 THEN 5.0 ELSE 10.0 END WHERE id IN (1, 2)",
			want:   "table public.promotions" + other,
		},
		{ // the element of an array
			change: "UPDATE products SET tags = array_prepend('x', tags) WHERE id = 1",
			undo:   "UPDATE products SET tags = tags[2:] WHERE id = 1",
			want:   "table public.products" + other,
		},
		{
			change: "INSERT INTO promotions (id, name, percent, during) VALUES (99, '', 1, 'empty')",
			undo:   "DELETE FROM promotions WHERE id = 99",
			want:   "table public.promotions: 13 rows on the source, 14 on the target",
		},
		{ // two equal rows become two other equal rows
			change: "UPDATE twins SET column1 = 2",
			undo:   "UPDATE twins SET column1 = 1",
			want:   "table public.twins" + other,
		},
		{
			change: "SELECT setval('orders_id_seq', 4001)",
			undo:   "SELECT setval('orders_id_seq', 4000)",
			want:   "sequence public.orders_id_seq: 4000, used on the source, 4001, used on the target",
		},
		{ // the next value would be another one
			change: "SELECT setval('orders_id_seq', 4000, false)",
			undo:   "SELECT setval('orders_id_seq', 4000)",
			want:   "sequence public.orders_id_seq: 4000, used on the source, 4000, not used on the target",
		},
		{
			change: "DROP INDEX events_at",
			undo:   "CREATE INDEX events_at ON events USING brin (at)",
			want:   "index public.events_at: missing on the target",
		},
		{
			change: "ALTER TABLE orders DISABLE TRIGGER orders_state",
			undo:   "ALTER TABLE orders ENABLE TRIGGER orders_state",
			want:   "trigger public.orders.orders_state: ",
		},
		{
			change: "CREATE TABLE surplus ()",
			undo:   "DROP TABLE surplus",
			want:   "table public.surplus: only on the target",
		},
		{
			change: "REFRESH MATERIALIZED VIEW reports.monthly_sales WITH NO DATA",
			undo:   "REFRESH MATERIALIZED VIEW reports.monthly_sales",
			want:   "checking the target: ",
		},
	} {
		// the triggers of the shop would leave traces
		pgtest.Exec(t, dst, "SET session_replication_role = replica; "+c.change)
		_, err := compare(t.Context(), src, dst)
		var different *DifferentError
		if errors.As(err, &different) {
			found := different.Differences
			if !slices.ContainsFunc(found, func(d string) bool { return len(d) >= len(c.want) && d[:len(c.want)] == c.want }) {
				t.Errorf("%s:\n got %q\nwant %q", c.change, found, c.want)
			}
		} else if err == nil || len(err.Error()) < len(c.want) || err.Error()[:len(c.want)] != c.want {
			t.Errorf("%s:\n got %v\nwant %q", c.change, err, c.want)
		}
		pgtest.Exec(t, dst, "SET session_replication_role = replica; "+c.undo)
		if _, err := compare(t.Context(), src, dst); err != nil {
			t.Fatalf("after %s: %v", c.undo, err)
		}
	}
}
