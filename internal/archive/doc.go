// Package archive reads the archives that pg_dump --format=custom writes: the header and the table of contents (TOC),
// archive versions 1.12 to 1.16 (pg_dump 9.0 to 18). It also holds the little knowledge of SQL text that working with
// TOC entries takes: quoting names, cutting a definition into statements, putting another database's name into the
// statements that carry one, and taking a COPY statement apart.
//
// It promises:
//   - It needs a stream only, never a seek, and takes from it the bytes of the header and the TOC. It buffers, so it may
//     have read further from the io.Reader beneath; keep the [Reader] for what follows.
//   - Bytes are not trusted. Every length, number and count is checked against [Limits] before memory is taken for
//     it, and memory grows only with bytes that have arrived. An archive cut off anywhere is an
//     io.ErrUnexpectedEOF, never a short TOC without an error.
//   - An error names the TOC entry, the field and the offset in the archive.
//
// It doesn't connect to anything, convert encodings or judge whether a statement is valid. The text of an archive is
// in the encoding that [TOC.Encoding] names. The SQL functions need one whose multi-byte characters hold no ASCII
// bytes, as all server encodings are; archives made with pg_dump --encoding in SJIS, BIG5, GBK, UHC, GB18030 or
// JOHAB are not.
//
// The format has no document but its source: pg_backup_archiver.c and pg_backup_custom.c in PostgreSQL's
// src/bin/pg_dump. The functions here name those that they mirror.
package archive
