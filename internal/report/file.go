package report

import (
	"fmt"
	"os"
)

// WriteFile writes the report as JSON to the file at path, which is created or overwritten; "-" is
// standard output. A nil error means that the operating system has taken every byte.
func WriteFile(path string, r Report) error {
	text, err := encode(r)
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
