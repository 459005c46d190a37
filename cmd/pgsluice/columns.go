package main

import (
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"
)

// columns writes a table for people: as wide as its words, the last column without an end. A column whose title begins with a space is aligned to
// the right.
func columns(w io.Writer, titles []string, rows [][]string) error {
	rows = append([][]string{titles}, rows...)
	widths := make([]int, len(titles))
	for _, row := range rows {
		for i, word := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(strings.TrimPrefix(escapeControls(word), " ")))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, word := range row {
			word = strings.TrimPrefix(escapeControls(word), " ")
			room := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(word))
			if strings.HasPrefix(titles[i], " ") {
				word = room + word
			} else {
				word += room
			}
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(word)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// facts writes names and values below each other; those without a value are left out.
func facts(w io.Writer, pairs [][2]string) error {
	var b strings.Builder
	for _, p := range pairs {
		if p[1] != "" {
			b.WriteString("  " + p[0] + strings.Repeat(" ", max(1, 12-len(p[0]))) + escapeControls(p[1]) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeJSON writes v for programs.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
