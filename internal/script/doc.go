// Package script writes and reads plain SQL scripts, the format of pg_dump --format=plain that psql runs.
//
// The [Writer] makes of a TOC and its data the script that pg_restore --file=- makes of the archive: the same statements in
// the same three passes, with the same comments. It promises:
//   - What stands in names can't get out of comments: line ends become spaces.
//   - The script is in psql's restricted mode from its first statement to its last, with a token that nobody can guess.
//     Rows that hold an end mark of their own are refused. So what psql does on the machine that it runs on is not in the hands of
//     whoever made the archive's contents; what the server is told is.
//   - A script without its last line is not whole, and a Writer that has not got all data never writes that line.
//
// Databases themselves are left out: no CREATE DATABASE, no \connect, no settings of the database.
//
// The functions here name those of pg_backup_archiver.c and pg_backup_db.c, in PostgreSQL's src/bin/pg_dump, that they
// mirror.
package script
