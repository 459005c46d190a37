package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"pgsluice/internal/daemon/work"
)

func transferPath(id string) string { return "/v1/transfers/" + url.PathEscape(id) }

// ask is call for answers that are returned.
func ask[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var answer T
	_, err := c.call(ctx, method, path, body, &answer)
	return answer, err
}

// Databases is work.Service's.
func (c *Client) Databases(ctx context.Context) ([]work.Database, error) {
	return ask[[]work.Database](ctx, c, http.MethodGet, "/v1/databases", nil)
}

// Stores is work.Service's.
func (c *Client) Stores(ctx context.Context) ([]work.Store, error) {
	return ask[[]work.Store](ctx, c, http.MethodGet, "/v1/stores", nil)
}

// Plan is work.Service's.
func (c *Client) Plan(ctx context.Context, s work.Spec) (*work.Preview, error) {
	return ask[*work.Preview](ctx, c, http.MethodPost, "/v1/plan", s)
}

// Create is work.Service's.
func (c *Client) Create(ctx context.Context, s work.Spec, _ string) (*work.Transfer, error) {
	return ask[*work.Transfer](ctx, c, http.MethodPost, "/v1/transfers", s)
}

// Transfers is work.Service's.
func (c *Client) Transfers(ctx context.Context, f work.Filter) ([]work.Transfer, error) {
	query := url.Values{}
	var states []string
	for _, s := range f.States {
		states = append(states, string(s))
	}
	if len(states) > 0 {
		query.Set("state", strings.Join(states, ","))
	}
	if f.Database != "" {
		query.Set("database", f.Database)
	}
	if f.Before > 0 {
		query.Set("before", strconv.FormatUint(f.Before, 10))
	}
	if f.Limit > 0 {
		query.Set("limit", strconv.Itoa(f.Limit))
	}
	path := "/v1/transfers"
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return ask[[]work.Transfer](ctx, c, http.MethodGet, path, nil)
}

// Transfer is work.Service's.
func (c *Client) Transfer(ctx context.Context, id string) (*work.Transfer, error) {
	return ask[*work.Transfer](ctx, c, http.MethodGet, transferPath(id), nil)
}

// Change is work.Service's.
func (c *Client) Change(ctx context.Context, id string, change work.Change, _ string) (*work.Transfer, error) {
	return ask[*work.Transfer](ctx, c, http.MethodPatch, transferPath(id), change)
}

// Report is work.Service's.
func (c *Client) Report(ctx context.Context, id string) (json.RawMessage, error) {
	return ask[json.RawMessage](ctx, c, http.MethodGet, transferPath(id)+"/report", nil)
}

// EventPage is what has happened to a transfer behind the event with the number after; an empty page says that there is nothing yet.
func (c *Client) EventPage(ctx context.Context, id string, after uint64) ([]work.Event, error) {
	return ask[[]work.Event](ctx, c, http.MethodGet, transferPath(id)+"/events?after="+strconv.FormatUint(after, 10), nil)
}

// Schedules is work.Service's.
func (c *Client) Schedules(ctx context.Context) ([]work.Schedule, error) {
	return ask[[]work.Schedule](ctx, c, http.MethodGet, "/v1/schedules", nil)
}

// timetable is what a schedule's request has.
type timetable struct {
	Spec      work.Spec      `json:"spec"`
	Cron      string         `json:"cron"`
	TimeZone  string         `json:"time_zone,omitempty"`
	Retention work.Retention `json:"retention"`
	Suspended bool           `json:"suspended,omitempty"`
}

// PutSchedule is work.Service's.
func (c *Client) PutSchedule(ctx context.Context, s work.Schedule, _ string) (*work.Schedule, error) {
	body := timetable{s.Spec, s.Cron, s.TimeZone, s.Retention, s.Suspended}
	return ask[*work.Schedule](ctx, c, http.MethodPut, "/v1/schedules/"+url.PathEscape(s.Name), body)
}

// DeleteSchedule is work.Service's.
func (c *Client) DeleteSchedule(ctx context.Context, name string) error {
	_, err := c.call(ctx, http.MethodDelete, "/v1/schedules/"+url.PathEscape(name), nil, nil)
	return err
}

// Ready is work.Service's.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodGet, "/readyz", nil, nil)
	return err
}
