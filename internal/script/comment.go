package script

import (
	"regexp"
	"strings"
)

// Object is what the comment over a statement says: the TOC entry that it was made of. Line ends in names have become spaces.
type Object struct {
	Name, Type, Schema, Owner string // Schema and Owner are "" if there is none
	Data                      bool   // the comment begins with "Data for"
}

// String names the object as errors do.
func (o Object) String() string {
	switch {
	case o.Type == "":
		return "the script's settings"
	case o.Schema == "":
		return o.Type + " " + o.Name
	}
	return o.Type + " " + o.Schema + "." + o.Name
}

// dumpComplete is the comment behind the last statement.
const dumpComplete = "-- PostgreSQL database dump complete"

// clusterDump begins what pg_dumpall writes.
const clusterDump = "-- PostgreSQL database cluster dump"

// over matches the comment over an entry's statements (_printTocEntry). Names may hold anything: what is looked for is the
// last place where the words that follow a name stand.
var over = regexp.MustCompile(`^-- (Data for |Statistics for |)Name: (.*); Type: (.*); Schema: (.*); Owner: (.*)$`)

// comments looks at what stands between two statements.
func (r *Reader) comments(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch line {
		case dumpComplete:
			r.complete = true
		case clusterDump:
			r.cluster = true
		}
		// the text's memory is shared by many statements, and must not be held by what is kept of one
		if m := over.FindStringSubmatch(line); m != nil {
			m = over.FindStringSubmatch(strings.Clone(line))
			owner, _, _ := strings.Cut(m[5], "; Tablespace: ")
			r.of = Object{Name: m[2], Type: m[3], Schema: orNone(m[4]), Owner: orNone(owner), Data: m[1] == ofData}
		}
	}
}

func orNone(s string) string {
	if s == "-" {
		return ""
	}
	return s
}
