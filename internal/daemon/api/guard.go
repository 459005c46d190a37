package api

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"pgsluice/internal/daemon/token"
)

// The most of a request that is read. A transfer's is a few hundred bytes; one with thousands of tables is a dump's with --schema.
const (
	maxBody   = 64 << 10
	maxHeader = 16 << 10
	maxPath   = 512 // with the query
)

// guarded lets through to next what anybody may see, and the rest from someone with a token. It makes all answers safe in a browser.
func (v *server) guarded(next http.Handler) http.Handler {
	crossSite := http.NewCrossOriginProtection()
	crossSite.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusForbidden, "requests that another site has made are refused")
	}))
	closed := v.authenticated(mayChange(next))
	return hardened(v.survives(crossSite.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case len(r.RequestURI) > maxPath:
			problem(w, http.StatusRequestURITooLong, fmt.Sprintf("a path with its query has %d bytes at most", maxPath))
		case path == "/metrics" || path == "/v1" || strings.HasPrefix(path, "/v1/"):
			closed.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	}))))
}

// hardened sets the headers that keep a browser from doing anything with an answer but hand it to its page. The page sets a policy of its own.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", fmt.Sprintf("max-age=%d", int((365*24*time.Hour).Seconds())))
		}
		next.ServeHTTP(w, r)
	})
}

// survives turns a panic into a failure of this one request, and lets what is below find the request that it works for.
func (v *server) survives(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				v.Failed(r, fmt.Errorf("panic: %v", p))
				panic(http.ErrAbortHandler) // the answer may have begun: only a broken one says that it is not whole
			}
		}()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, r)))
	})
}

// whoKey is the context's key of the token that asks.
type whoKey struct{}

// who is the token that asks.
func who(ctx context.Context) token.Token {
	t, _ := ctx.Value(whoKey{}).(token.Token)
	return t
}

// authenticated refuses requests without a token that is known.
func (v *server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if len(r.Header.Values("Authorization")) != 1 || !strings.EqualFold(scheme, "Bearer") {
			w.Header().Set("WWW-Authenticate", `Bearer realm="pgsluice"`)
			problem(w, http.StatusUnauthorized, "say who asks: Authorization: Bearer TOKEN")
			return
		}
		t, ok, err := v.tokens.Check(strings.TrimSpace(secret))
		switch {
		case err != nil:
			v.Failed(r, err)
			problem(w, http.StatusInternalServerError, "the daemon can't read its tokens; its log says why")
		case !ok:
			w.Header().Set("WWW-Authenticate", `Bearer realm="pgsluice", error="invalid_token"`)
			problem(w, http.StatusUnauthorized, "this token is not known, or no more")
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, t)))
		}
	})
}

// mayChange refuses requests that change something from who may only look, and bodies that a form of another site can send or that are too large.
func mayChange(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			switch media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); {
			case !who(r.Context()).MayOperate():
				problem(w, http.StatusForbidden, "this token may read only")
				return
			case r.ContentLength > maxBody:
				problem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a body has %d bytes at most", maxBody))
				return
			case r.ContentLength != 0 && (err != nil || media != "application/json"):
				problem(w, http.StatusUnsupportedMediaType, "a body is JSON: Content-Type: application/json")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
