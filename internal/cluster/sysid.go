package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// renewSystemIdentifier gives a stopped cluster, just made from a template, a
// system identifier of its own: programs, pgsluice among them, take two servers
// with the same one for the same cluster.
//
// The identifier stands in two places. One is the first 8 bytes of
// global/pg_control (struct ControlFileData, pg_control.h), whose length differs
// between versions but which always ends with the CRC of what precedes it. The
// other is the long header of each WAL segment's first page
// (XLogLongPageHeaderData, xlog_internal.h), which no checksum covers.
func renewSystemIdentifier(data string) error {
	// the upper half is the time, as in BootStrapXLOG
	id := uint64(time.Now().Unix())<<32 | uint64(rand.Uint32())

	control := filepath.Join(data, "global", "pg_control")
	raw, err := os.ReadFile(control)
	if err != nil {
		return err
	}
	if err := setControlIdentifier(raw, id); err != nil {
		return fmt.Errorf("%s: %w", control, err)
	}
	// an existing file keeps its owner and its mode
	if err := os.WriteFile(control, raw, 0o600); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(data, "pg_wal"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if walSegment.MatchString(entry.Name()) {
			if err := setWALIdentifier(filepath.Join(data, "pg_wal", entry.Name()), id); err != nil {
				return err
			}
		}
	}
	return nil
}

var walSegment = regexp.MustCompile(`^[0-9A-F]{24}$`)

var errNoCRC = errors.New("no CRC found: not a control file that this program knows")

// setControlIdentifier changes the bytes of pg_control. It finds the CRC where
// one matches; the file is zeros from there on.
func setControlIdentifier(raw []byte, id uint64) error {
	const shortest, longest = 200, 500 // 288 to 304 bytes in versions 12 to 18
	table := crc32.MakeTable(crc32.Castagnoli)
	for at := shortest; at <= longest && at+4 <= len(raw); at += 4 {
		if binary.NativeEndian.Uint32(raw[at:]) == crc32.Checksum(raw[:at], table) {
			binary.NativeEndian.PutUint64(raw, id)
			binary.NativeEndian.PutUint32(raw[at:], crc32.Checksum(raw[:at], table))
			return nil
		}
	}
	return errNoCRC
}

// walIdentifierOffset is the size of XLogPageHeaderData, padded to 8 bytes.
const walIdentifierOffset = 24

func setWALIdentifier(segment string, id uint64) error {
	f, err := os.OpenFile(segment, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(binary.NativeEndian.AppendUint64(nil, id), walIdentifierOffset); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
