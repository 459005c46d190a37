package archive

// Limits bounds what a reader accepts, so that a damaged or hostile archive can't take all memory. A field of 0 means
// its default; all units are plain bytes and counts.
type Limits struct {
	StringBytes  int64 // one string, such as a function's definition; default 256 MiB
	Entries      int   // TOC entries; default 10,000,000
	Dependencies int   // dependencies of one entry; default 1,000,000
	TotalBytes   int64 // header and TOC together; default 1 GiB
	WindowBytes  int64 // how far a zstd stream may look back; default 128 MiB
}

func (l Limits) withDefaults() Limits {
	if l.StringBytes <= 0 {
		l.StringBytes = 256 << 20 // the server refuses single values from 1 GB on; real definitions stay below 10 MB
	}
	if l.Entries <= 0 {
		l.Entries = 10_000_000 // up to pg_dump 16, each large object has an entry of its own
	}
	if l.Dependencies <= 0 {
		l.Dependencies = 1_000_000
	}
	if l.TotalBytes <= 0 {
		l.TotalBytes = 1 << 30 // 10 million entries of about 100 bytes, the size of a large object's
	}
	if l.WindowBytes <= 0 {
		l.WindowBytes = 128 << 20 // zstd:long without a number, and what zstd accepts without being asked
	}
	return l
}
