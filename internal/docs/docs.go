// Package docs holds the longer documents for users, one Markdown file a topic, and files that users take as they are, such as a systemd unit, as
// `pgsluice help TOPIC` prints them. They are compiled in, so that the help is that of the program at hand.
package docs

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.md files
var files embed.FS

const (
	suffix = ".md"
	folder = "files"
)

// Topics returns the names of all topics in alphabetical order.
func Topics() []string {
	// A glob that is well formed can't fail on an embedded tree.
	names, _ := fs.Glob(files, "*"+suffix)
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, suffix)
	}
	return names
}

// Files returns the names of all files to be taken as they are, in alphabetical order. Topics mention them.
func Files() []string {
	entries, _ := fs.ReadDir(files, folder) // as above
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Topic returns the Markdown text of a topic, or a file. The error of an unknown one lists the topics that there are.
func Topic(name string) (string, error) {
	path := name + suffix
	if slices.Contains(Files(), name) {
		path = folder + "/" + name
	}
	text, err := files.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("no help on %q; there is help on: %s", name, strings.Join(Topics(), ", "))
	}
	return string(text), nil
}
