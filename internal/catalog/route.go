package catalog

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// Route is what lies between an address and its server.
type Route struct {
	// Pooled says that a pooler stands in between: the process id that it gave is not the server session's.
	Pooled bool
	// Shared says that one connection is not one session: what is set in one transaction is gone in the next.
	Shared bool
	// Servers is how many servers three connections reached.
	Servers int
}

type endOfRoute struct {
	pid    string
	server string
}

func whereFrom(ctx context.Context, conn *pgconn.PgConn) (endOfRoute, error) {
	// the start of the server tells it from a standby of its own; its address may be that of a container
	r, err := Row(ctx, conn, "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_postmaster_start_time(), pg_catalog.pg_is_in_recovery()")
	if err != nil {
		return endOfRoute{}, err
	}
	return endOfRoute{pid: r[0], server: r[1] + r[2]}, nil
}

// FollowRoute finds out with two more connections to a, which conn leads to. conn must be outside of a transaction. A
// pooler gives a session that one connection has just used outside of a transaction to the next that asks: so a
// transaction on another connection either gets this very session, or makes this one's next statement run elsewhere.
// What can't be found out for want of connections is taken to be as it should.
func FollowRoute(ctx context.Context, a *Address, conn *pgconn.PgConn) (Route, error) {
	first, err := whereFrom(ctx, conn)
	if err != nil {
		return Route{}, err
	}
	route := Route{Pooled: first.pid != strconv.FormatUint(uint64(conn.PID()), 10)}
	servers := map[string]bool{first.server: true}
	other, err := a.Connect(ctx, "pgsluice preflight", nil)
	if err != nil {
		route.Servers = 1
		return route, ctx.Err()
	}
	defer Close(ctx, other)
	var refused *pgconn.PgError
	switch _, err := other.Exec(ctx, "BEGIN").ReadAll(); {
	case errors.As(err, &refused):
		route.Shared = true // a pool in statement mode has no transactions
	case err != nil:
		return route, err
	}
	second, err := whereFrom(ctx, other)
	servers[second.server] = err == nil
	route.Shared = route.Shared || second == first
	if err == nil && !route.Shared { // otherwise conn would perhaps wait for the session that other is in
		var again endOfRoute
		again, err = whereFrom(ctx, conn)
		route.Shared = again.server == first.server && again != first
	}
	if err != nil && !route.Shared {
		return route, err
	}
	if third, err := a.Connect(ctx, "pgsluice preflight", nil); err == nil {
		defer Close(ctx, third)
		if end, err := whereFrom(ctx, third); err == nil {
			servers[end.server] = true
		}
	}
	delete(servers, "")
	route.Servers = len(servers)
	return route, ctx.Err()
}
