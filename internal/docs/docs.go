// Package docs holds the longer documents for users, one Markdown file a topic, as `pgsluice help TOPIC`
// prints them. They are compiled in, so that the help is that of the program at hand.
package docs

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed *.md
var files embed.FS

const suffix = ".md"

// Topics returns the names of all topics in alphabetical order.
func Topics() []string {
	// A glob that is well formed can't fail on an embedded tree.
	names, _ := fs.Glob(files, "*"+suffix)
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, suffix)
	}
	return names
}

// Topic returns the Markdown text of a topic. The error of an unknown one lists those there are.
func Topic(name string) (string, error) {
	text, err := files.ReadFile(name + suffix)
	if err != nil {
		return "", fmt.Errorf("no help on %q; there is help on: %s", name, strings.Join(Topics(), ", "))
	}
	return string(text), nil
}
