// Package compat holds the compatibility matrix: tests that run the program as a
// process beside pg_dump, pg_restore and psql of several major versions, and
// servers of all that are supported.
//
// What pgsluice dumps, PostgreSQL's own programs must restore; what they dump,
// pgsluice must restore; each time the judge dbdiff.sh must find the two databases
// equal. The databases are the kitchen sink and PostgreSQL's regression database,
// as far as a server of that age accepts them. Then the programs are joined by
// pipes, which are cut at a counted byte: a writer or a reader is killed, or the
// stream ends early, and whoever is left must say so.
//
// `make test` runs the part for which the newest PostgreSQL on the machine is
// enough. `make compat` gets all others first (see cluster.EnsureMajor), and writes
// RESULTS.md.
//
// None of the program's packages is used here: what it does is judged from outside.
package compat
