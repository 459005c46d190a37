package report

import (
	"fmt"
	"strings"
	"time"

	"pgsluice/internal/progress"
)

func sampleReport(o Outcome, exit int, message string, s progress.Snapshot) Report {
	return Report{
		Version: "0.1.0", Command: "copy",
		Source: Endpoint{"db1.example.org", 5432, "warehouse", "migrator", "15.18", ""},
		Target: Endpoint{"/var/run/postgresql", 5433, "warehouse_new", "postgres", "17.11", ""},
		PgDump: Program{"/usr/lib/postgresql/17/bin/pg_dump", "17.11"},
		Jobs:   4, IndexJobs: 3, Builders: "maintenance_work_mem 64 MiB, 2 parallel workers", Options: []string{"continue on errors", "rate limit 50 MB/s"},
		Snapshot: "00000003-0000001B-1", Outcome: o, ExitCode: exit, Error: message, Progress: s,
	}
}

// samples are the transfers that the page is looked at with.
func samples() map[string]Report {
	whole := warehouse()
	rich := sampleReport(CompleteWithFailures, 2, "", warehouse().failing().until(whole.end()+300*ms))
	rich.Progress.LeftOut = []progress.LeftOut{{Object: "subscription orders_from_eu", Reason: "a copied subscription would take the changes meant for the source; create it by hand"}}
	for i := range 12 {
		rich.Progress.Warnings = append(rich.Progress.Warnings, progress.Warning{
			Object: fmt.Sprintf("extension x%d", i), Message: "the comment was not set: must be owner of extension (SQLSTATE 42501)",
		})
	}

	short := sampleReport(Complete, 0, "", instant().until(3*ms))
	short.Progress.History = nil

	broken := warehouse()
	for i, f := range broken.tasks {
		if f.Task.Phase == progress.Data && f.Start > 30*time.Second && !strings.Contains(f.Task.Name, "script") {
			broken.tasks[i].Error = "copy-in: could not extend file \"base/16385/24601\": No space left on device (SQLSTATE 53100)\nHINT: Check free disk space."
			break
		}
	}
	cause := "table public.events_2024: copy-in: could not extend file \"base/16385/24601\": No space left on device (SQLSTATE 53100)\nHINT: Check free disk space."
	return map[string]Report{
		"complete":  sampleReport(Complete, 0, "", whole.until(whole.end()+300*ms)),
		"rich":      rich,
		"failed":    sampleReport(Failed, 4, cause, broken.until(44*time.Second)),
		"cancelled": sampleReport(Cancelled, 130, "interrupted (SIGINT)", whole.until(15*time.Second)),
		"many":      sampleReport(Complete, 0, "", crowd().until(crowd().end())),
		"short":     short,
		"empty": {
			Version: "0.1.0", Command: "copy", Outcome: Failed, ExitCode: 1, Source: Endpoint{"db1", 5432, "shop", "migrator", "15.18", ""},
			Error:    "target db2:5432/shop: it holds 37 tables; use --clean --confirm shop to drop them, or choose an empty database",
			Progress: progress.Snapshot{Elapsed: 31 * ms, Steps: []progress.Step{{Text: "connecting", Elapsed: 31 * ms}}},
		},
	}
}
