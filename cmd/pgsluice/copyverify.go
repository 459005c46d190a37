package main

import (
	"fmt"

	"pgsluice/internal/transfer"
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
