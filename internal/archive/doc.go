// Package archive reads and writes the archives of pg_dump: the header and the table of contents (TOC), rows and large
// objects. It also holds the little knowledge of SQL text that working with TOC entries takes: quoting names, cutting a
// definition into statements, putting another database's name into the statements that carry one, and taking a COPY
// statement apart.
//
//	                  read as a stream ([Reader])   read in any order ([File])   written ([Writer])
//	custom            yes                           yes                          yes
//	directory         -                             yes                          yes
//	tar               yes, in its own order         yes                          no
//	versions          1.12 to 1.16 (pg_dump 9.0 to 18)                           1.14 to 1.16
//	compression       none, gzip, lz4, zstd                                      the same; lz4 and zstd from 1.15 on
//
// It promises of reading:
//   - A Reader needs a stream only, never a seek. It buffers, so it may have read further from the io.Reader beneath.
//   - Bytes are not trusted. Every length, number and count is checked against [Limits] before memory is taken for
//     it, and memory grows only with bytes that have arrived. Beyond that, data takes buffers and what a compressed stream's
//     window takes; it is never held as a whole. No file outside of a directory archive is opened.
//   - An archive cut off anywhere is an io.ErrUnexpectedEOF, never a short TOC or short data without an error: io.EOF
//     comes where the archive's own end marks, lengths and checksums have been seen. In a directory, uncompressed rows end with
//     the line \. that pg_dump writes; an uncompressed large object there has nothing that would tell.
//   - An error names the entry (in the TOC the field) and the offset in the archive, in a directory the file and the
//     offset in that. With a compressed stream it is the offset up to which it had been read.
//   - A flipped bit is noticed where there is a checksum: gzip has one, zstd if the writer wished it (this one does), lz4 and
//     none have not.
//
// And of writing:
//   - The archive is one that pg_restore 15 and later reads, as far as they know its version and compression. TOC and rows are as
//     pg_dump writes them, byte for byte once decompressed.
//   - Rows are compressed in [Segment]s by several goroutines, if wanted; the Writer itself starts none and holds no more than
//     a buffer.
//   - A Writer that was not closed, or whose Close has failed, leaves no archive behind that passes for a whole one.
//
// It doesn't connect to anything, convert encodings or judge whether a statement is valid. The text of an archive is
// in the encoding that [TOC.Encoding] names. The SQL functions need one whose multi-byte characters hold no ASCII
// bytes, as all server encodings are; archives made with pg_dump --encoding in SJIS, BIG5, GBK, UHC, GB18030 or
// JOHAB are not.
//
// The format has no document but its source: pg_backup_archiver.c, pg_backup_custom.c, pg_backup_directory.c,
// pg_backup_tar.c and compress_*.c in PostgreSQL's src/bin/pg_dump. The functions here name those that they mirror.
package archive
