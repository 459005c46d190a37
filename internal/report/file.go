package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile writes the report to the file at path, which is created or overwritten: as a page for a
// browser if its name ends in .html or .htm, in upper or lower case, else as JSON. "-" is standard
// output, which gets JSON. A nil error means that the operating system has taken every byte.
func WriteFile(path string, r Report) error {
	write := encode
	switch strings.ToLower(filepath.Ext(path)) {
	case ".html", ".htm":
		write = renderHTML
	}
	text, err := write(r)
	if err != nil {
		return err
	}
	if path == "-" {
		if _, err := os.Stdout.Write(text); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		return nil
	}
	// os.WriteFile also reports what Close says.
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
