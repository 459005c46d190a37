package archive

import (
	"bytes"
	"fmt"
)

// describe says what an input is that begins with head and is no archive of ours, and what to do with it.
func describe(head []byte) string {
	if isTar(head) {
		return "it is a tar file that does not begin with toc.dat; as a file on disk it can be read if it has one further on"
	}
	for _, c := range []struct{ magic, name string }{
		{"\x1f\x8b", "gzip"},
		{"\x28\xb5\x2f\xfd", "zstd"},
		{"\x04\x22\x4d\x18", "lz4"},
		{"\xfd7zXZ\x00", "xz"},
		{"BZh", "bzip2"},
		{"PK\x03\x04", "zip"},
	} {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			return fmt.Sprintf("it is compressed with %s; decompress it first", c.name)
		}
	}
	if looksLikeScript(head) {
		return "it is an SQL script; run it with psql"
	}
	return fmt.Sprintf("it starts with %q", head[:min(len(head), 16)])
}

// looksLikeScript recognizes pg_dump's and pg_dumpall's plain scripts, and other SQL by its first word.
func looksLikeScript(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, start := range []string{"--", "/*", `\restrict`, `\connect`, "SET ", "BEGIN", "CREATE ", "SELECT ", "INSERT ", "DROP ", "COPY "} {
		if len(head) >= len(start) && bytes.EqualFold(head[:len(start)], []byte(start)) {
			return true
		}
	}
	return false
}
