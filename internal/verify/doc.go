// Package verify says whether two databases are equal, and where they are not.
//
// It compares what pg_dump's table of contents has (every entry: definition, owner, comment, privileges), what no entry
// has (invalid indexes, constraints that were never validated, empty materialized views, the owner of schema public), the
// rows of every table, sequences and large objects. It only reads, shares no code with what copies, and never says
// equal of what it could not read: that is listed as Unverified. Schema _pgsluice, a copy's own ledger, is left out.
//
// # In two halves
//
// [ReadSide] reads all of one side in sessions that the caller opens under one snapshot. [Compare] needs no server: so
// a source may be read while its snapshot is at hand, and let go; the target is read whenever it is ready. [Locate] finds
// the rows in which two tables differ; it needs sessions on both sides again. [Databases] does all of it, each side
// under a snapshot of its own.
//
//	src, err := verify.ReadSide(ctx, openSource, verify.ReadOptions{Encoding: enc, Jobs: 4}) // openSource: under the copy's snapshot
//	src.TOC = toc                                                                           // what the copy was made from
//	src.SetSequences(toc)                                                                   // what the copy has set, not what it is by now
//	…                                                                                       // the source is let go
//	dst, err := verify.ReadSide(ctx, openTarget, verify.ReadOptions{Encoding: enc, Jobs: 4})
//	dst.TOC, err = verify.ReadTOC(ctx, …)
//	result := verify.Compare(src, dst, verify.Choices{NoOwner: true})
//
// # Digests
//
// The rows of a table, or a part of it, are reduced on the server to three numbers: how many there are, and the sums of two
// 64-bit hashes, hashtextextended with two seeds, of each row's text. Sums do not depend on the order of rows, are exact (numeric),
// and add up over parts. Unlike XOR they see a row that is there twice while another is missing. What differs by accident
// passes unseen with a chance of about 2^-128 (both hashes mix all bits, but they are one function with two
// seeds, not cryptography: someone who chooses rows in order to deceive can).
//
// A row's text is that of ROW(column, …) with the columns in the order of their names, whatever their order in the
// table: NULL and the empty string differ there, and no value can pass for two. Columns that were dropped or are virtual are not in it; stored
// generated columns are. Bytea goes in as its SHA-256, and so does a text of 100 MB or more. All settings that values' text depends on are the same on both sides: time
// zone, datestyle, lc_monetary, an empty search_path, all digits of floats. The bytes that are hashed are the server's own
// where both databases have the same encoding, or one of them is SQL_ASCII, and else the hexadecimal digits of
// the text in UTF8, which costs a third more. hashtextextended is the same from version 12 to 18, but not on servers of another byte order: both
// are asked for the hash of a constant, and if these differ nothing is compared.
//
// A million rows of six columns take a second of one core; what is expensive is to make the text.
//
// # Where they differ
//
// Where both sides have the same unique key without NULLs, rows are put into buckets by a hash of the key's text, so that
// collations have no part in it. The buckets' digests are compared; from those that differ come the keys and hashes of their rows, and of
// at most ten of these the columns that are not alike, found through the key's index. That reads the table twice. Without a key
// the hash of the whole row stands in for it, and a row is named by its ctid. Only values of keys leave the server in
// clear, never those of other columns.
//
// # What is not compared
//
// The rows of foreign tables, of unlogged tables of a standby, of temporary tables and of extensions' tables that are no
// configuration; planner statistics; roles and tablespaces themselves. What the two servers' majors write differently is told as
// such: see Compare.
package verify
