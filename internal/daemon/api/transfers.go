package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"pgsluice/internal/daemon/work"
)

// TransferPath names a transfer. (huma fills in exported structs only.)
type TransferPath struct {
	ID string `path:"id" pattern:"^[abcrv][0-9]{3,19}$" patternDescription:"an id such as c001" example:"c001" doc:"The transfer's id."`
}

// one is an answer with a body.
type one[T any] struct {
	Body T
}

type createdTransfer struct {
	Location string `header:"Location" doc:"The path of the new transfer."`
	Body     work.Transfer
}

type listQuery struct {
	State    []string `query:"state" enum:"pending,running,paused,completed,failed,canceled" doc:"Only transfers in these states, separated by commas." example:"running"`
	Database string   `query:"database" pattern:"^[a-z0-9][a-z0-9_-]{0,62}$" patternDescription:"a name of the configuration" doc:"Only those from or to this database or store." example:"prod"`
	Before   uint64   `query:"before" doc:"Only those with a smaller number: the last one of the page before." example:"40"`
	Limit    int      `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many at most." example:"20"`
}

type transferPage struct {
	Link string `header:"Link" doc:"Where the next page is, with rel=\"next\"; missing on the last one."`
	Body []work.Transfer
}

func (v *server) transfers() {
	huma.Register(v.api, operation("create-transfer", http.MethodPost, "/v1/transfers", "Create a transfer",
		"It begins when its databases are free and their windows are open. Where it would remove what the target holds, confirm must be the target's name.",
		http.StatusCreated), func(ctx context.Context, in *struct{ Body work.Spec }) (*createdTransfer, error) {
		t, err := v.work.Create(ctx, in.Body, who(ctx).Name)
		if err != nil {
			return nil, v.failure(ctx, err, "spec.")
		}
		return &createdTransfer{Location: "/v1/transfers/" + t.ID, Body: *t}, nil
	})
	huma.Register(v.api, operation("plan-transfer", http.MethodPost, "/v1/plan", "Say what a transfer would do",
		"The daemon looks at both databases and changes nothing. It takes as long as their catalogs are large, a minute at most.",
		http.StatusOK), func(ctx context.Context, in *struct{ Body work.Spec }) (*one[work.Preview], error) {
		p, err := v.work.Plan(ctx, in.Body)
		if err != nil {
			return nil, v.failure(ctx, err, "spec.")
		}
		return &one[work.Preview]{*p}, nil
	})
	huma.Register(v.api, operation("list-transfers", http.MethodGet, "/v1/transfers", "List transfers",
		"Newest first, in pages: the header Link says where the next one is.", http.StatusOK), v.list)
	huma.Register(v.api, operation("show-transfer", http.MethodGet, "/v1/transfers/{id}", "Show a transfer", "Its state, and what it has moved.",
		http.StatusOK), func(ctx context.Context, in *TransferPath) (*one[work.Transfer], error) {
		t, err := v.work.Transfer(ctx, in.ID)
		if err != nil {
			return nil, v.failure(ctx, err, "")
		}
		return &one[work.Transfer]{*t}, nil
	})
	huma.Register(v.api, operation("change-transfer", http.MethodPatch, "/v1/transfers/{id}", "Pause, resume, cancel or limit a transfer",
		"What is not named stays as it is, and asking twice does no more than asking once. The answer is what was asked for; the state follows when the daemon has done it.",
		http.StatusOK), func(ctx context.Context, in *struct {
		TransferPath
		Body work.Change
	},
	) (*one[work.Transfer], error) {
		t, err := v.work.Change(ctx, in.ID, in.Body, who(ctx).Name)
		if err != nil {
			return nil, v.failure(ctx, err, "")
		}
		return &one[work.Transfer]{*t}, nil
	})
	huma.Register(v.api, operation("report-transfer", http.MethodGet, "/v1/transfers/{id}/report", "Report of a transfer",
		"What pgsluice copy --report writes, of the last attempt that has ended; 404 before. pgsluice help report describes it.",
		http.StatusOK), func(ctx context.Context, in *TransferPath) (*one[json.RawMessage], error) {
		r, err := v.work.Report(ctx, in.ID)
		if err != nil {
			return nil, v.failure(ctx, err, "")
		}
		return &one[json.RawMessage]{r}, nil
	})
}

func (v *server) list(ctx context.Context, in *listQuery) (*transferPage, error) {
	f := work.Filter{Database: in.Database, Before: in.Before, Limit: in.Limit}
	for _, s := range in.State {
		f.States = append(f.States, work.State(s))
	}
	ts, err := v.work.Transfers(ctx, f)
	if err != nil {
		return nil, v.failure(ctx, err, "")
	}
	page := &transferPage{Body: ts}
	if ts == nil {
		page.Body = []work.Transfer{} // and not null
	}
	if len(ts) == in.Limit {
		next := url.Values{"limit": {strconv.Itoa(in.Limit)}, "before": {strconv.FormatUint(ts[len(ts)-1].Number, 10)}}
		if in.Database != "" {
			next.Set("database", in.Database)
		}
		if len(in.State) > 0 {
			next["state"] = []string{joined(in.State)}
		}
		page.Link = fmt.Sprintf(`</v1/transfers?%s>; rel="next"`, next.Encode())
	}
	return page, nil
}
