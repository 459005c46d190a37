package script

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

var errSeveral = errors.New("the script is for several databases, or makes its own (pg_dumpall, pg_dump --create): psql runs it")

// check refuses statements that must not run, or whose neighbours can't be told apart.
func (r *Reader) check(sql string) error {
	words := firstWords(sql, 4)
	switch {
	case r.complete:
		return errors.New("a statement behind the end of the dump")
	case r.cluster, len(words) > 1 && words[1] == "database" && (words[0] == "create" || words[0] == "drop"):
		return errSeveral
	case len(words) == 4 && words[0] == "set" && words[1] == "client_encoding" && words[2] == "=":
		return checkEncoding(strings.Trim(words[3], "';"))
	}
	return nil
}

// firstWords are the first n words of a statement, in lower case, if it is as pg_dump writes it.
func firstWords(sql string, n int) []string {
	words := strings.Fields(sql[:min(len(sql), 200)])
	words = words[:min(len(words), n)]
	for i := range words {
		words[i] = strings.ToLower(words[i])
	}
	return words
}

// clientOnly are the encodings whose letters may have bytes of ASCII in them, such as a backslash. No server uses them.
var clientOnly = []string{"sjis", "big5", "gbk", "uhc", "gb18030", "johab", "shift_jis_2004"}

func checkEncoding(name string) error {
	if slices.Contains(clientOnly, strings.ToLower(name)) {
		return fmt.Errorf("the script is in %s: dump with the encoding of the server, without --encoding", strings.ToUpper(name))
	}
	return nil
}
