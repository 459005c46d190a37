package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// flagInfo is what reading, help and completion need to know of one flag.
type flagInfo struct {
	names       []string // without dashes; the first is the long one
	text        string
	placeholder string   // "" for a flag without a value
	values      []string // if only these are allowed
	category    string
	alone       string // the value of a flag that may stand without one; another follows "="
	takesValue  bool
	isNumber    bool
	isFile      bool
	repeats     bool
}

func (f *flagInfo) name() string { return f.names[0] }

// short is the flag's one letter, "" if it has none; another long name is for who has learned it elsewhere.
func (f *flagInfo) short() string {
	if len(f.names) > 1 && len(f.names[1]) == 1 {
		return f.names[1]
	}
	return ""
}

// allowedValues are all the values that a flag may have, or nil if that is no short list.
func allowedValues(flag, category string) []string {
	switch flag {
	case "resume":
		return []string{resumeSame, resumeMixed}
	case "on-error":
		return []string{"stop", "continue"}
	case "kind":
		return []string{"copy", "dump", "verify"}
	case "role":
		return []string{"read", "operate"}
	case "vacuum":
		return []string{"auto", "none", "all"}
	case "progress":
		return []string{progressAuto, progressBars, progressLines, progressJSON, progressNone}
	case "log-level":
		return []string{"debug", "info", "warn", "error"}
	case "archive-version":
		return []string{"1.14", "1.15", "1.16"}
	case "section":
		return []string{"pre-data", "data", "post-data"}
	case "format", "copy-format":
		if category == categoryConvert {
			return []string{formatCustom, formatDirectory, formatPlain}
		}
		if category == categoryDump {
			if flag == "copy-format" {
				return []string{formatText, formatCSV, formatBinary}
			}
			return []string{formatCustom, formatDirectory, formatPlain, formatCopy}
		}
		if category != categoryOutput { // of the rows
			return []string{formatAuto, formatBinary, formatText}
		}
		return []string{"text", "json"}
	case "log-format":
		return []string{"text", "json"}
	}
	return nil
}

// describe reads cli's flags. A flag with a value names its placeholder in backquotes at the start of its
// usage text: "`N` tables at the same time".
func describe(flags []cli.Flag) []flagInfo {
	var infos []flagInfo
	for _, f := range flags {
		info := flagInfo{names: f.Names()}
		if d, ok := f.(cli.DocGenerationFlag); ok {
			info.takesValue = d.TakesValue()
			info.text = d.GetUsage()
		}
		if c, ok := f.(cli.CategorizableFlag); ok {
			info.category = c.GetCategory()
		}
		if _, after, ok := strings.Cut(info.text, "`"); ok {
			placeholder, text, _ := strings.Cut(after, "`")
			info.placeholder, info.text = placeholder, strings.TrimSpace(text)
		}
		info.values = allowedValues(info.name(), info.category)
		if info.name() == "resume" && info.takesValue { // of copy
			info.alone = resumeSame
		}
		switch f := f.(type) {
		case *cli.IntFlag:
			info.isNumber = true
		case *cli.StringFlag:
			info.isFile = f.TakesFile
		case *cli.StringSliceFlag:
			info.repeats = true
		}
		infos = append(infos, info)
	}
	return infos
}

// didYouMean is " (did you mean X?)" for the one of known that is closest to word, if it is close, else "".
func didYouMean(word string, known []string) string {
	best, nearest := "", 3 // more than two slips is another word
	for _, k := range known {
		if d := distance(word, k); d < nearest {
			best, nearest = k, d
		}
	}
	if best == "" || nearest >= len(word) {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// distance counts the letters to insert, delete or replace to get from a to b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
