package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"pgsluice/internal/daemon/token"
	"pgsluice/internal/daemon/work"
)

func (v *server) databases() {
	huma.Register(v.api, operation("list-databases", http.MethodGet, "/v1/databases", "List databases",
		"The databases of the configuration, by name, with what was seen when they were last looked at.", http.StatusOK),
		func(ctx context.Context, _ *struct{}) (*one[[]work.Database], error) {
			d, err := v.work.Databases(ctx)
			return answer(some(d), v.failure(ctx, err, ""))
		})
	huma.Register(v.api, operation("list-stores", http.MethodGet, "/v1/stores", "List stores",
		"The places of the configuration where dumps are kept.", http.StatusOK),
		func(ctx context.Context, _ *struct{}) (*one[[]work.Store], error) {
			s, err := v.work.Stores(ctx)
			return answer(some(s), v.failure(ctx, err, ""))
		})
	huma.Register(v.api, operation("show-token", http.MethodGet, "/v1/token", "Say who asks",
		"The name and the role of the token of this request.", http.StatusOK),
		func(ctx context.Context, _ *struct{}) (*one[token.Token], error) {
			return answer(who(ctx), nil)
		})
}

// answer is a body, or an error.
func answer[T any](body T, err error) (*one[T], error) {
	if err != nil {
		return nil, err
	}
	return &one[T]{body}, nil
}

// some makes a list that has nothing an empty one in JSON, and not null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
