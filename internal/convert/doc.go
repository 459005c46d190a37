// Package convert makes of an archive another one: of another version, compression or format, or with only some of its
// entries, or a plain script.
//
// One goroutine reads and decompresses, several compress, one writes; what is between them is bounded, so that memory does not
// grow with tables or rows. Without a change of the data it is compressed anew all the same: what is written has been read whole and
// checked. Nothing of an archive is run, and no database is needed.
//
// A file or directory appears under its name only when it is whole. A stream that was cut off is told by its reader.
package convert
