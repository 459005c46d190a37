package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Health is what the daemon says of itself.
type Health struct {
	Status string `json:"status"`
}

func (v *server) health() {
	healthz := operation("healthz", http.MethodGet, "/healthz", "Is the process alive", "It answers, so it is. No token is needed.", http.StatusOK)
	huma.Register(v.api, healthz, func(context.Context, *struct{}) (*one[Health], error) {
		return answer(Health{"ok"}, nil)
	})
	readyz := operation("readyz", http.MethodGet, "/readyz", "Can the daemon work",
		"503 if it can't, or begins nothing any more because it is about to end. No token is needed, and the answer has no reasons: the log has.", http.StatusOK)
	huma.Register(v.api, readyz, func(ctx context.Context, _ *struct{}) (*one[Health], error) {
		if err := v.work.Ready(ctx); err != nil {
			return nil, huma.NewError(http.StatusServiceUnavailable, "the daemon is not ready; its log says why")
		}
		return answer(Health{"ok"}, nil)
	})
}
