// Package cluster finds or unpacks PostgreSQL's programs and runs throw-away
// clusters with them, for `pgsluice demo` and for tests. It also gets other major
// versions than the distribution's, for tests alone.
//
// A cluster lives in a directory of its own below the temporary folder, listens
// on 127.0.0.1 alone, on a free port, and trusts whoever connects. It trades
// durability for speed (fsync is off), so nothing of worth belongs in it. It
// dies with the process that started it (on Linux at once, elsewhere when the
// next Start finds its directory without an owner), and Remove leaves nothing
// behind. No two clusters share a system identifier, although all are copies
// of one template.
//
// Started as root, the package runs initdb and postgres as the user postgres,
// or nobody where there is none, since both refuse root.
//
// It does not manage clusters that it did not start, and it never touches a
// server, a data directory or a configuration of the machine's own.
package cluster
