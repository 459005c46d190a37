// Package plan turns pg_dump's table of contents, what the catalogs say of the source, and the user's choices into
// tasks: what to run, in which order, what each needs, what it locks and how many bytes it is likely to move.
//
// It is pure: no I/O, no clock, the same input gives the same plan. It writes no DDL of its own but what pg_restore
// itself composes around an entry (owner, tablespace, access method); pg_backup_archiver.c is the specification, and
// the functions here name the one that they mirror.
package plan
