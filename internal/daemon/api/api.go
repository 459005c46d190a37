package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"pgsluice/internal/daemon/token"
	"pgsluice/internal/daemon/work"
)

// Tokens finds out who asks. token.File is one.
type Tokens interface {
	// Check finds the token with secret; false says that there is none. An error is the daemon's, not the asker's.
	Check(secret string) (token.Token, bool, error)
}

// Options are the choices of an API. The zero value is the documented default.
type Options struct {
	// Version is the daemon's, for the OpenAPI document.
	Version string
	// MaxStreams is how many streams are open at a time. The default is 1000: each costs about 50 KB.
	MaxStreams int
	// StallTimeout is how long a write to a stream may wait for its reader. The default is 10 s: what a reader is behind by then is lost to
	// it anyway, since live states are the latest only, and events can be asked for again.
	StallTimeout time.Duration
	// Heartbeat is how often a stream without news says that it is there. The default is 15 s: proxies give up on silence after 60 s.
	Heartbeat time.Duration
	// Page answers what is not the API's; nil answers 404. It needs no token, so it must hold no data.
	Page http.Handler
	// Metrics answers /metrics, for who has a token that may read; nil answers 404.
	Metrics http.Handler
	// Streams is told of each stream that is opened, with 1, and ends, with -1; nil is not told.
	Streams func(by int)
	// Failed is told of errors that are the daemon's own; whoever asked is only told that there was one. nil tells nobody.
	Failed func(r *http.Request, err error)
}

func (o Options) withDefaults() Options {
	if o.MaxStreams == 0 {
		o.MaxStreams = 1000
	}
	if o.StallTimeout == 0 {
		o.StallTimeout = 10 * time.Second
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 15 * time.Second
	}
	if o.Streams == nil {
		o.Streams = func(int) {}
	}
	if o.Failed == nil {
		o.Failed = func(*http.Request, error) {}
	}
	return o
}

// server is the API over a service.
type server struct {
	Options
	work   work.Service
	tokens Tokens
	api    huma.API
	seats  chan struct{} // one for each open stream
}

// New is the API of s for those who have a token. It may be used from several goroutines. A stream ends with its request, so that the
// http.Server's BaseContext ends all of them.
func New(s work.Service, tokens Tokens, o Options) http.Handler {
	o = o.withDefaults()
	mux := http.NewServeMux()
	v := &server{Options: o, work: s, tokens: tokens, seats: make(chan struct{}, o.MaxStreams)}
	v.api = humago.New(mux, config(o.Version))
	describe(v.api.OpenAPI().Components.Schemas)
	v.transfers()
	v.streams()
	v.schedules()
	v.databases()
	v.health()
	document(v.api.OpenAPI())
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	return v.guarded(routed(mux, o.Page))
}

// config is huma's: JSON only, no documentation page, which would load scripts of others, and no $schema in the answers.
func config(version string) huma.Config {
	c := huma.DefaultConfig("pgsluice", version)
	c.Info.Description = "Transfers of PostgreSQL databases as a service. Databases and stores are named as the daemon's configuration names them."
	c.DocsPath, c.SchemasPath = "", ""
	c.CreateHooks = nil
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{withoutValues}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", Description: "A token, as pgsluice serve token add prints it."},
	}
	return c
}

// init makes names in bodies count as they are written. Otherwise huma would check kind and take KIND for it, of which encoding/json then takes
// the last.
func init() { huma.ValidateStrictCasing = true }

// bearer is the name of the security scheme.
const bearer = "token"
