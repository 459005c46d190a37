package gauge

import (
	"errors"
	"fmt"
	"time"
)

// Schema is the scratch schema on the target.
const Schema = "_pgsluice_bench"

// Options say what to measure. The zero value of a field is its default.
type Options struct {
	// Source and Target name the databases, as for a copy. Without a Target only the source is measured.
	Source, Target string
	// Confirm must be the target database's name: a schema is made there.
	Confirm string
	// Jobs is the largest number of streams at a time. Default 4: what a copy takes by default.
	Jobs int
	// Duration bounds each measurement. Default DefaultDuration.
	Duration time.Duration
	// Bytes bound each measurement. Default DefaultBytes.
	Bytes int64

	// Step is told what is about to be measured. Measured is told each result. Both may be nil; they are called one after
	// the other, and hold the run up while they work.
	Step     func(Step)
	Measured func(Measurement)
}

// Step is a measurement that begins. Bytes reads how many bytes have moved so far; it may be called at any time from any
// goroutine.
type Step struct {
	Text  string
	Bytes func() int64
}

// Refused is the error of a run that changed nothing and measured nothing.
type Refused struct{ Err error }

func (e *Refused) Error() string { return e.Err.Error() }

func (e *Refused) Unwrap() error { return e.Err }

func refuse(format string, args ...any) error { return &Refused{Err: fmt.Errorf(format, args...)} }

const (
	// DefaultDuration is enough for a rate to settle; there are about twenty measurements.
	DefaultDuration = 3 * time.Second
	// DefaultBytes is what the target must have room for, and writes to its WAL, each time.
	DefaultBytes int64 = 1e9

	leastDuration = 100 * time.Millisecond // for a rate to mean anything
	mostJobs      = 256
)

func (o Options) withDefaults() (Options, error) {
	if o.Jobs == 0 {
		o.Jobs = 4
	}
	if o.Duration == 0 {
		o.Duration = DefaultDuration
	}
	if o.Bytes == 0 {
		o.Bytes = DefaultBytes
	}
	switch {
	case o.Source == "":
		return o, &Refused{Err: errors.New("no source database")}
	case o.Jobs < 1 || o.Jobs > mostJobs:
		return o, refuse("%d streams: must be between 1 and %d", o.Jobs, mostJobs)
	case o.Duration < leastDuration:
		return o, refuse("%s for each measurement is too short: give it %s or more", o.Duration, leastDuration)
	case o.Bytes < 1:
		return o, refuse("%d bytes for each measurement is too little", o.Bytes)
	case o.Target == "" && o.Confirm != "":
		return o, refuse("there is no target whose name %q could confirm", o.Confirm)
	case o.Target != "" && o.Confirm == "":
		return o, refuse("the target is written to: a schema %s is made there, and dropped again. Confirm it with --confirm and the target database's name, or leave the target out", Schema)
	}
	return o, nil
}

// streamCounts are 1, 2, 4 … and jobs itself.
func streamCounts(jobs int) []int {
	var counts []int
	for n := 1; n < jobs; n *= 2 {
		counts = append(counts, n)
	}
	return append(counts, jobs)
}
