package api

import "github.com/danielgtaylor/huma/v2"

// document finishes the OpenAPI document. Event streams and reports are the daemon's own text, so huma does not know them.
func document(o *huma.OpenAPI) {
	o.Tags = []*huma.Tag{
		{Name: "transfers", Description: "Copies, dumps, restores and verifications, from when they were asked for."},
		{Name: "plan", Description: "What a transfer would do."},
		{Name: "live", Description: "What runs now."},
		{Name: "schedules", Description: "Transfers at certain times."},
		{Name: "databases", Description: "The databases of the configuration."},
		{Name: "stores", Description: "Where dumps are kept."},
		{Name: "token", Description: "Who asks."},
		{Name: "daemon", Description: "For supervisors and load balancers."},
	}
}
