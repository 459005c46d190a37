package api_test

import (
	"net/http"
	"strings"
	"testing"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/work"
)

func TestATransferIsMadeListedShownAndChanged(t *testing.T) {
	d := start(t, api.Options{})
	made := d.want(http.StatusCreated, d.operate, "POST", "/v1/transfers", copyProd)
	if got := made.header.Get("Location"); got != "/v1/transfers/c001" {
		t.Errorf("Location: %s", got)
	}
	if tr := decoded[work.Transfer](t, made); tr.ID != "c001" || tr.By != "ada" || tr.State != work.Pending || tr.Spec.Source != "prod" {
		t.Errorf("made: %+v", tr)
	}
	if all := decoded[[]work.Transfer](t, d.want(http.StatusOK, d.read, "GET", "/v1/transfers", "")); len(all) != 1 || all[0].ID != "c001" {
		t.Errorf("listed: %+v", all)
	}
	d.want(http.StatusOK, d.operate, "PATCH", "/v1/transfers/c001", `{"want": "pause", "rate_limit": 5000000, "jobs": 2}`)
	shown := decoded[work.Transfer](t, d.want(http.StatusOK, d.read, "GET", "/v1/transfers/c001", ""))
	if shown.State != work.Paused || shown.Spec.Options.RateLimit != 5_000_000 || shown.Spec.Options.Jobs != 2 {
		t.Errorf("shown: %+v", shown)
	}
	d.want(http.StatusOK, d.operate, "PATCH", "/v1/transfers/c001", `{"want": "cancel"}`)
	p := d.problem(d.want(http.StatusConflict, d.operate, "PATCH", "/v1/transfers/c001", `{"want": "run"}`))
	if p.Detail != "transfer c001 is canceled already" {
		t.Errorf("conflict: %+v", p)
	}
	d.problem(d.want(http.StatusNotFound, d.read, "GET", "/v1/transfers/c001/report", ""))
	d.Reported("c001", []byte(`{"outcome":"cancelled"}`))
	if got := d.want(http.StatusOK, d.read, "GET", "/v1/transfers/c001/report", "").text; strings.TrimSpace(got) != `{"outcome":"cancelled"}` {
		t.Errorf("report: %s", got)
	}
}
