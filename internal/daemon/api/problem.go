package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"pgsluice/internal/daemon/work"
)

// problem answers with an error as RFC 9457 has it.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(huma.NewError(status, detail)) // an asker who is gone misses nothing
}

// failure is the answer to a request that the service has refused. Its fields lie under at in the request's body, "" being the body itself.
func (v *server) failure(ctx context.Context, err error, at string) error {
	var (
		invalid  *work.Invalid
		conflict *work.Conflict
	)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, work.ErrNotFound):
		return huma.NewError(http.StatusNotFound, err.Error())
	case errors.As(err, &invalid):
		e := &huma.ErrorModel{Status: http.StatusUnprocessableEntity, Title: http.StatusText(http.StatusUnprocessableEntity), Detail: err.Error()}
		if field := strings.TrimPrefix(invalid.Field, at); field != "" {
			e.Errors = []*huma.ErrorDetail{{Location: "body." + field, Message: invalid.Message}}
		}
		return e
	case errors.As(err, &conflict):
		return huma.NewError(http.StatusConflict, err.Error())
	case ctx.Err() != nil:
		return huma.NewError(http.StatusServiceUnavailable, "the request was broken off")
	}
	v.Failed(request(ctx), err)
	return huma.NewError(http.StatusInternalServerError, "the daemon could not do it; its log says why")
}

// withoutValues takes what was sent out of errors: it may be a secret, and need not be said again.
func withoutValues(_ huma.Context, _ string, body any) (any, error) {
	e, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	said := *e
	said.Errors = nil
	for _, d := range e.Errors {
		if d == nil {
			continue
		}
		said.Errors = append(said.Errors, &huma.ErrorDetail{Location: d.Location, Message: d.Message})
	}
	if said.Detail == "validation failed" && len(said.Errors) > 0 {
		first := said.Errors[0]
		said.Detail = strings.TrimPrefix(first.Location+": "+first.Message, ": ")
	}
	return &said, nil
}
