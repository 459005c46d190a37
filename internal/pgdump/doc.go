// Package pgdump finds pg_dump programs and runs one of them for its table of contents, over a connection that we
// have already made.
//
// The child never learns how to reach the source: it speaks to a socket in a private folder, and this process
// passes its bytes on over a connection that pgx opened. So pg_dump reads from the very server that the rest of
// the transfer reads from, with the same TLS and the same login, whatever the connection string said and whatever
// libpq it was built with; and no password, host name or certificate path stands in its arguments or environment.
package pgdump
