package archive

import (
	"errors"
	"fmt"
	"time"
)

// Header is what an archive says about itself before the TOC.
type Header struct {
	Version     Version
	IntSize     byte // bytes of an integer's magnitude: always 4
	OffSize     byte // bytes of a data position: 8, or 4 from old 32-bit systems
	Format      Format
	Compression Compression

	// Created is the wall clock of the machine that ran pg_dump. The archive does not hold that machine's time zone,
	// so the location is UTC whatever it was. It is the zero time if the archive's numbers are no date.
	Created      time.Time
	CreatedIsDST int // C's tm_isdst at that moment: 1 daylight-saving time, 0 not, -1 unknown

	Database      string // name of the dumped database
	ServerVersion string // of the dumped server, such as "15.18 (Debian 15.18-0+deb12u1)"
	DumpVersion   string // of the pg_dump that wrote it
}

// Version is an archive's format version.
type Version struct{ Major, Minor, Rev byte }

// AtLeast reports whether v is major.minor or newer.
func (v Version) AtLeast(major, minor byte) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// String gives the form that pg_restore -l prints, such as "1.14-0".
func (v Version) String() string { return fmt.Sprintf("%d.%d-%d", v.Major, v.Minor, v.Rev) }

// Format is the archive's format byte (ArchiveFormat in pg_backup.h).
type Format byte

// The formats that pg_dump knows. The toc.dat of a directory archive says FormatTar; the Header of one that was opened says
// FormatDirectory.
const (
	FormatCustom    Format = 1
	FormatTar       Format = 3
	FormatNull      Format = 4
	FormatDirectory Format = 5
)

func (f Format) String() string {
	switch f {
	case FormatCustom:
		return "custom"
	case FormatTar:
		return "tar, or the toc.dat of a directory archive"
	case FormatNull:
		return "plain"
	case FormatDirectory:
		return "directory"
	}
	return "unknown"
}

// Compression says how the data blocks of an archive are compressed; header and TOC never are.
type Compression struct {
	Algorithm Algorithm
	Level     int // as given to pg_dump; -1 is the default, and all that archives from 1.15 on tell
}

// Algorithm is a compression method (pg_compress_algorithm in common/compression.h).
type Algorithm byte

// The algorithms, with the numbers that archives use. Before version 1.15 there are only NoCompression and Gzip.
const (
	NoCompression Algorithm = 0
	Gzip          Algorithm = 1 // a zlib stream, in spite of the name
	LZ4           Algorithm = 2
	Zstd          Algorithm = 3
)

// String gives PostgreSQL's name of the algorithm.
func (a Algorithm) String() string {
	switch a {
	case NoCompression:
		return "none"
	case Gzip:
		return "gzip"
	case LZ4:
		return "lz4"
	case Zstd:
		return "zstd"
	}
	return fmt.Sprintf("algorithm %d", byte(a))
}

// header reads what follows the magic (ReadHead in pg_backup_archiver.c).
func (d *decoder) header(f Format) Header {
	var h Header
	h.Version = Version{d.byte("version"), d.byte("version"), d.byte("version")}
	switch v := h.Version; {
	case d.err != nil:
	case v.AtLeast(1, 17):
		d.fail("version", fmt.Errorf("%s is newer than 1.16, which pg_dump 18 writes and which is the newest known here", v))
	case !v.AtLeast(1, 12):
		d.fail("version", fmt.Errorf("%s is older than 1.12: dump again with pg_dump 9.0 or newer", v))
	}
	h.IntSize = d.byte("integer size")
	if d.err == nil && h.IntSize != intSize {
		d.fail("integer size", fmt.Errorf("%d bytes: must be %d", h.IntSize, intSize))
	}
	h.OffSize = d.byte("offset size")
	if d.err == nil && h.OffSize != 4 && h.OffSize != 8 {
		d.fail("offset size", fmt.Errorf("%d bytes: must be 4 or 8", h.OffSize))
	}
	h.Format = Format(d.byte("format"))
	if d.err == nil && h.Format != f {
		d.fail("format", fmt.Errorf("%d (%s): must be %d (%s)", h.Format, h.Format, f, f))
	}
	h.Compression = d.compression(h.Version)
	h.Created, h.CreatedIsDST = d.created()
	h.Database, _ = d.str("database name")
	h.ServerVersion, _ = d.str("server version")
	h.DumpVersion, _ = d.str("pg_dump version")
	return h
}

func (d *decoder) compression(v Version) Compression {
	if !v.AtLeast(1, 15) {
		switch level := d.int("compression level", -1, 9); level {
		case 0:
			return Compression{Algorithm: NoCompression}
		default:
			return Compression{Algorithm: Gzip, Level: level}
		}
	}
	a := Algorithm(d.byte("compression"))
	switch {
	case a == NoCompression:
		return Compression{Algorithm: a}
	case a > Zstd && d.err == nil:
		d.fail("compression", errors.New("unknown "+a.String()))
	}
	return Compression{Algorithm: a, Level: -1}
}

// created reads the seven numbers of a C struct tm. Like pg_restore it does not refuse an archive for a bad date.
func (d *decoder) created() (time.Time, int) {
	n := func(field string) int { return d.int(field, -maxInt, maxInt) }
	sec, minute, hour := n("creation second"), n("creation minute"), n("creation hour")
	day, month, year := n("creation day"), n("creation month")+1, n("creation year")
	isDST := n("creation isdst")
	if year < 0 || year > 9999-1900 {
		return time.Time{}, isDST
	}
	t := time.Date(1900+year, time.Month(month), day, hour, minute, sec, 0, time.UTC)
	if t.Month() != time.Month(month) || t.Day() != day || t.Hour() != hour || t.Minute() != minute || t.Second() != sec {
		return time.Time{}, isDST
	}
	return t, isDST
}
