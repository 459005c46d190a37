package main

import (
	"fmt"

	"pgsluice/internal/report"
	"pgsluice/internal/transfer"
	"pgsluice/internal/verify"
)

// verifyOutcomeOf is the error that stands for what copy --verify has found of a copy that is complete, nil if all is well or it was
// not asked for.
func verifyOutcomeOf(result *transfer.Result) error {
	v := result.Verified
	switch {
	case result.VerifyErr != nil:
		return &incompleteError{what: fmt.Sprintf("the copy is complete, but it could not be verified: %v", result.VerifyErr)}
	case v == nil:
		return nil
	case len(v.Differences) > 0:
		return differences(v)
	case len(v.Unverified) > 0:
		return &incompleteError{what: fmt.Sprintf("the copy is complete, but %s could not be compared", objectsAre(len(v.Unverified)))}
	}
	return nil
}

func objectsAre(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}

// verified is what copy --verify has found, in the report's words.
func verified(r *verify.Result) *report.Verified {
	if r == nil {
		return nil
	}
	v := &report.Verified{Compared: compared(r)}
	for _, d := range r.Differences {
		m := report.Remark{Object: d.Object, Text: d.Text}
		for _, row := range d.Located {
			m.Rows = append(m.Rows, row.String())
		}
		v.Differences = append(v.Differences, m)
	}
	for _, m := range r.Unverified {
		v.Unverified = append(v.Unverified, report.Remark{Object: m.Object, Text: m.Text})
	}
	for _, m := range r.Notes {
		v.Notes = append(v.Notes, report.Remark{Object: m.Object, Text: m.Text})
	}
	return v
}
