package demo

import (
	"testing"

	"pgsluice/internal/pgtest"
)

// Two runs make the same shop, however their sessions take turns.
func TestShopIsTheSame(t *testing.T) {
	t.Parallel()
	one, two := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	fillShop(t, one)
	fillShop(t, two)
	if _, err := compare(t.Context(), one, two); err != nil {
		t.Error(err)
	}
}

// Sessions that do not see each other's rows have made orders that add up.
func TestShopAddsUp(t *testing.T) {
	t.Parallel()
	url := pgtest.DatabaseOn(t, pgtest.Server(t))
	fillShop(t, url)
	for _, q := range []struct{ what, sql string }{
		{"payments of another sum", "SELECT count(*) FROM payments WHERE amount <> order_total(order_id)"},
		{"addresses of another customer", "SELECT count(*) FROM orders o JOIN addresses a ON a.id = ship_to WHERE a.customer_id <> o.customer_id"},
		{"orders without lines", "SELECT count(*) FROM orders WHERE order_total(id) IS NULL"},
		{"months without orders", "SELECT 6 - count(DISTINCT tableoid) FROM orders"},
		{"lines at another price", "SELECT count(*) FROM order_lines l JOIN products p ON p.id = product_id WHERE l.price <> p.price"},
		{"sequences behind their rows", "SELECT count(*) FROM (SELECT max(invoice_no) m FROM payments) p, invoice_number s WHERE s.last_value <> p.m"},
		{"empty searches", "SELECT 1 - sign(count(*)) FROM find_products('oak table')"},
	} {
		if n := pgtest.Query(t, url, q.sql)[0][0]; n != "0" {
			t.Errorf("%s: %s", q.what, n)
		}
	}
}
