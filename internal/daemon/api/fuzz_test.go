package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/token"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/daemon/worktest"
)

// fuzzed is the API that all inputs of a fuzzer share: to make its document takes longer than to ask it.
var fuzzed fuzzedAPI

type fuzzedAPI struct {
	once    sync.Once
	handler http.Handler
	secret  string
}

func (f *fuzzedAPI) start() {
	f.secret = "pgs_fuzz"
	s := worktest.New()
	if _, err := s.Create(context.Background(), work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}, "fuzzer"); err != nil {
		panic(err)
	}
	f.handler = api.New(s, oneToken(f.secret), api.Options{})
}

// ask breaks off what has no end of its own.
func (f *fuzzedAPI) ask(r *http.Request) *httptest.ResponseRecorder {
	ctx, stop := context.WithTimeout(r.Context(), 10*time.Second)
	defer stop()
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r.WithContext(ctx))
	return w
}

// oneToken is who has one.
type oneToken string

func (o oneToken) Check(secret string) (token.Token, bool, error) {
	return token.Token{Name: "fuzzer", Role: token.Operate}, secret == string(o), nil
}
