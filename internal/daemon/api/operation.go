package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// requestKey is the context's key of the request.
type requestKey struct{}

// request is the one that ctx belongs to.
func request(ctx context.Context) *http.Request {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	return r
}

// operation is what huma is to know of one. description ends as a sentence does.
func operation(id, method, path, summary, description string, status int) huma.Operation {
	op := huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Description: description, DefaultStatus: status,
		MaxBodyBytes: maxBody + 1, // huma refuses what is as large as that
		Responses:    map[string]*huma.Response{},
	}
	open := !strings.HasPrefix(path, "/v1/")
	if !open {
		op.Security = []map[string][]string{{bearer: {}}}
		op.Errors = []int{http.StatusUnauthorized}
	}
	if method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusForbidden, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if strings.Contains(path, "{") {
		op.Errors = append(op.Errors, http.StatusNotFound)
	}
	if open {
		op.Errors = append(op.Errors, http.StatusServiceUnavailable)
	}
	op.Tags = []string{tagOf(path)}
	return op
}

// tagOf groups operations by the first word of their path.
func tagOf(path string) string {
	word, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	if word == "" {
		return "daemon"
	}
	return word
}

func joined(words []string) string { return strings.Join(words, ",") }
