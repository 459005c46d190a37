package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/daemon/api"
	"pgsluice/internal/daemon/work"
)

type openAPI struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct {
		Schemas map[string]schema
	}
}

type operation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Security                          []map[string][]string
	Parameters                        []struct{ Name, In, Description string }
	RequestBody                       *struct {
		Content map[string]struct{ Schema schema }
	}
	Responses map[string]struct {
		Description string
		Content     map[string]struct{ Schema schema }
	}
}

type schema struct {
	Ref                  string `json:"$ref"`
	Description          string
	Properties           map[string]schema
	Required             []string
	Examples             []any
	AdditionalProperties *bool
	Enum                 []any
}

func document(t *testing.T) openAPI {
	t.Helper()
	d := start(t, api.Options{Version: "1.2.3"})
	return decoded[openAPI](t, d.want(http.StatusOK, "", "GET", "/openapi.json", ""))
}

// TestTheDocumentIsWhole: each operation, parameter and property is described, and errors are.
func TestTheDocumentIsWhole(t *testing.T) {
	o := document(t)
	if !strings.HasPrefix(o.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", o.OpenAPI)
	}
	ids := map[string]bool{}
	for path, operations := range o.Paths {
		for method, op := range operations {
			where := method + " " + path
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" || !strings.HasSuffix(op.Description, ".") || len(op.Tags) != 1 {
				t.Errorf("%s: %+v", where, op)
			}
			ids[op.OperationID] = true
			if closed := strings.HasPrefix(path, "/v1/"); closed != (len(op.Security) == 1) || closed && op.Responses["401"].Content["application/problem+json"].Schema.Ref == "" {
				t.Errorf("%s: security %v, 401 %+v", where, op.Security, op.Responses["401"])
			}
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s: %s is not described", where, p.Name)
				}
			}
			for status, r := range op.Responses {
				if r.Description == "" || status < "300" && status != "204" && len(r.Content) == 0 {
					t.Errorf("%s: %s is not described", where, status)
				}
			}
		}
	}
	for _, r := range requests {
		path, _, _ := strings.Cut(r.path, "?")
		path = strings.NewReplacer("c001", "{id}", "/nightly", "/{name}").Replace(path)
		if _, ok := o.Paths[path][strings.ToLower(r.method)]; !ok && path != "/metrics" {
			t.Errorf("%s %s is not in the document", r.method, path)
		}
	}
	for name, s := range o.Components.Schemas {
		for property, p := range s.Properties {
			if p.Description == "" {
				t.Errorf("%s.%s is not described", name, property)
			}
		}
	}
}

// TestTheDocumentRefusesWhatTheAPIRefuses: clients that are made of it learn of names, states and required fields.
func TestTheDocumentRefusesWhatTheAPIRefuses(t *testing.T) {
	o := document(t)
	spec := o.Components.Schemas["Spec"]
	if !slices.Equal(spec.Required, []string{"kind", "target"}) || spec.AdditionalProperties == nil || *spec.AdditionalProperties {
		t.Errorf("Spec: %+v", spec)
	}
	if kinds := spec.Properties["kind"].Enum; len(kinds) != 4 || len(spec.Properties["kind"].Examples) != 1 {
		t.Errorf("Spec.kind: %+v", spec.Properties["kind"])
	}
	states := o.Components.Schemas["Transfer"].Properties["state"].Enum
	for _, s := range []work.State{work.Pending, work.Running, work.Paused, work.Completed, work.Failed, work.Canceled} {
		if !slices.Contains(states, any(string(s))) {
			t.Errorf("Transfer.state lacks %s", s)
		}
	}
	text, err := json.Marshal(o)
	if err != nil || strings.Contains(string(text), "$schema") {
		t.Errorf("$schema is in it: %v", err)
	}
}
