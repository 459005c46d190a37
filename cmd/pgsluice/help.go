package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/docs"
)

// helpWidth is the width of a terminal that nobody has changed.
const helpWidth = 80

// verbHelp is the whole help of one verb, as text without template actions.
func verbHelp(c *cli.Command) string {
	b := &strings.Builder{}
	usage := "pgsluice " + c.Name
	fmt.Fprintf(b, "%s - %s\n\nUsage:\n  %s [flags]", usage, c.Usage, usage)
	if c.ArgsUsage != "" {
		b.WriteString(" " + c.ArgsUsage)
	}
	b.WriteString("\n")
	if c.Description != "" {
		b.WriteString("\n" + c.Description + "\n")
	}
	writeFlags(b, describe(c.Flags))
	if c.UsageText != "" {
		b.WriteString("\n" + c.UsageText + "\n")
	}
	return b.String()
}

// appHelp is the help of the program itself: what the verbs are.
func appHelp(app *cli.App) string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "pgsluice - %s\n\nUsage:\n  pgsluice COMMAND [flags] [arguments]\n\nCommands:\n", app.Usage)
	for _, c := range app.Commands {
		if !c.Hidden {
			fmt.Fprintf(b, "  %-12s %s\n", c.Name, c.Usage)
		}
	}
	b.WriteString("\n" + app.Description + "\n")
	writeFlags(b, describe(app.Flags))
	more := fmt.Sprintf("More: pgsluice COMMAND --help, pgsluice help TOPIC (%s)", strings.Join(docs.Topics(), ", "))
	b.WriteString("\n" + strings.Join(wrapText(more, helpWidth-2), "\n  ") + "\n")
	return b.String()
}

// writeFlags writes the flags under their categories, in the order in which the categories first appear.
func writeFlags(b *strings.Builder, flags []flagInfo) {
	column := 0
	for i := range flags {
		column = max(column, len(flags[i].spelling()))
	}
	column += 4 // two spaces before, two behind
	done := map[string]bool{}
	for _, first := range flags {
		if done[first.category] {
			continue
		}
		done[first.category] = true
		title := first.category
		if title == "" {
			title = "Flags"
		}
		fmt.Fprintf(b, "\n%s:\n", title)
		for _, f := range flags {
			if f.category == first.category {
				text := wrapText(f.text, helpWidth-column)
				fmt.Fprintf(b, "  %-*s%s\n", column-2, f.spelling(), strings.Join(text, "\n"+strings.Repeat(" ", column)))
			}
		}
	}
}

// spelling is the flag as the help shows it: "-j, --jobs N".
func (f *flagInfo) spelling() string {
	s := "    --" + f.name()
	if short := f.short(); short != "" {
		s = "-" + short + ", --" + f.name()
	}
	if f.takesValue {
		s += " " + f.placeholder
	}
	return s
}

// wrapText breaks text between words into lines of at most width letters, where the words allow it.
func wrapText(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line+" "+word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
