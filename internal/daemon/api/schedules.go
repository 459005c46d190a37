package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"pgsluice/internal/daemon/work"
)

// SchedulePath names a schedule.
type SchedulePath struct {
	Name string `path:"name" pattern:"^[a-z0-9][a-z0-9_-]{0,62}$" patternDescription:"1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit" example:"nightly" doc:"The schedule's name."`
}

// Timetable is what is asked of a schedule: what it makes, when, and what is kept.
type Timetable struct {
	Spec      work.Spec      `json:"spec"`
	Cron      string         `json:"cron"`
	TimeZone  string         `json:"time_zone,omitempty"`
	Retention work.Retention `json:"retention,omitzero"`
	Suspended bool           `json:"suspended,omitempty"`
}

func (v *server) schedules() {
	huma.Register(v.api, operation("list-schedules", http.MethodGet, "/v1/schedules", "List schedules", "All schedules, with their next tick.",
		http.StatusOK), func(ctx context.Context, _ *struct{}) (*one[[]work.Schedule], error) {
		s, err := v.work.Schedules(ctx)
		return answer(some(s), v.failure(ctx, err, ""))
	})
	huma.Register(v.api, operation("put-schedule", http.MethodPut, "/v1/schedules/{name}", "Make or replace a schedule",
		"Whole: what is left out is as if it had never been said. Transfers that it has made stay.", http.StatusOK),
		func(ctx context.Context, in *struct {
			SchedulePath
			Body Timetable
		},
		) (*one[work.Schedule], error) {
			t := in.Body
			s, err := v.work.PutSchedule(ctx, work.Schedule{
				Name: in.Name, Spec: t.Spec, Cron: t.Cron, TimeZone: t.TimeZone, Retention: t.Retention, Suspended: t.Suspended,
			}, who(ctx).Name)
			if err != nil {
				return nil, v.failure(ctx, err, "")
			}
			return &one[work.Schedule]{*s}, nil
		})
	huma.Register(v.api, operation("delete-schedule", http.MethodDelete, "/v1/schedules/{name}", "Delete a schedule",
		"Transfers that it has made, and their dumps, stay.", http.StatusNoContent),
		func(ctx context.Context, in *SchedulePath) (*struct{}, error) {
			return nil, v.failure(ctx, v.work.DeleteSchedule(ctx, in.Name), "")
		})
}
