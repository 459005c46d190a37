package api

import (
	"net/http"
	"strings"
)

// methods are those of the API.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// routed sends a request to the API, or else to the page; what neither has is a problem.
func routed(api *http.ServeMux, page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := api.Handler(r); pattern != "" {
			api.ServeHTTP(w, r) // and not the handler that was found: this sets the parameters of the path
			return
		}
		if allowed := allowedAt(api, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			problem(w, http.StatusMethodNotAllowed, r.Method+" is not possible here, but "+strings.Join(allowed, ", "))
			return
		}
		if page == nil || strings.HasPrefix(r.URL.Path, "/v1") {
			problem(w, http.StatusNotFound, "nothing is here; /openapi.json says what there is")
			return
		}
		page.ServeHTTP(w, r)
	})
}

// allowedAt are the methods of what is at a request's path.
func allowedAt(api *http.ServeMux, r *http.Request) []string {
	var allowed []string
	for _, method := range methods {
		other := *r
		other.Method = method
		if _, pattern := api.Handler(&other); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	return allowed
}
