package control

import (
	"fmt"
	"hash/fnv"
	"io"
	"reflect"

	"pgsluice/internal/progress"
)

const (
	headerProtocol = "Pgsluice-Control"
	headerProgram  = "Pgsluice-Version"
)

// message is a snapshot on its way. The lists that only grow are sent once: each message holds what is new in them.
type message struct {
	Snapshot progress.Snapshot
}

// rate is the body of PUT /rate-limit, and the answer to GET.
type rate struct {
	BytesPerSecond *int64 `json:"bytes_per_second"`
}

// rateChange is the answer to PUT /rate-limit.
type rateChange struct {
	Old int64 `json:"old"`
	New int64 `json:"new"`
}

// sent counts what one client has of the lists that only grow.
type sent struct{ steps, warnings, leftOut, failures int }

// cut returns s without what the client has, and without what no client gets.
func (n *sent) cut(s progress.Snapshot) progress.Snapshot {
	s.Finished, s.History = nil, nil
	s.Steps, n.steps = s.Steps[n.steps:], len(s.Steps)
	s.Warnings, n.warnings = s.Warnings[n.warnings:], len(s.Warnings)
	s.LeftOut, n.leftOut = s.LeftOut[n.leftOut:], len(s.LeftOut)
	s.Failures, n.failures = s.Failures[n.failures:], len(s.Failures)
	return s
}

// join puts what an earlier snapshot held before what is new.
func join(old, s progress.Snapshot) progress.Snapshot {
	s.Steps = append(old.Steps, s.Steps...)
	s.Warnings = append(old.Warnings, s.Warnings...)
	s.LeftOut = append(old.LeftOut, s.LeftOut...)
	s.Failures = append(old.Failures, s.Failures...)
	return s
}

// protocol is the version of the requests and a sum over the shape of what they carry: the second part changes by itself.
func protocol() string {
	sum := fnv.New32a()
	shape(sum, reflect.TypeFor[message](), nil)
	return fmt.Sprintf("1-%08x", sum.Sum32())
}

// shape writes the names and types of all that encoding/json reads and writes of t.
func shape(w io.Writer, t reflect.Type, above []reflect.Type) {
	fmt.Fprintf(w, "%s %s;", t, t.Kind())
	for _, a := range above {
		if a == t {
			return
		}
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Array, reflect.Slice, reflect.Pointer, reflect.Map:
		if t.Kind() == reflect.Array {
			fmt.Fprintf(w, "%d;", t.Len())
		}
		shape(w, t.Elem(), above)
	case reflect.Struct:
		for f := range fields(t) {
			fmt.Fprintf(w, "%s:", f.Name)
			shape(w, f.Type, above)
		}
	default:
	}
}

func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}
