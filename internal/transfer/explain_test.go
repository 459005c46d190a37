package transfer

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
	"pgsluice/pipeline"
)

// What servers of 12 to 18 say, and what is said beside it.
func TestExplain(t *testing.T) {
	t.Parallel()
	table := &plan.Task{Kind: plan.Rows, CopyOut: "COPY public.t (v) TO STDOUT", CopyIn: "COPY public.t (v) FROM STDIN"}
	index := &plan.Task{Kind: plan.SQL, Desc: "INDEX"}
	const long, standby, disk = "longer than 1 GB as text", "hot_standby_feedback", "make room"
	for name, tt := range map[string]struct {
		task     *plan.Task
		stage    string
		err      error
		recovery bool
		want     string
	}{
		"a value":                  {table, "copy-out", &pgconn.PgError{Code: "XX000", Message: "invalid memory alloc request size 1200000003", File: "mcxt.c"}, false, long},
		"a row, to 17":             {table, "copy-out", &pgconn.PgError{Code: "54000", Message: "out of memory", Detail: "Cannot enlarge string buffer containing 1073741822 bytes by 1 more bytes.", File: "stringinfo.c"}, false, long},
		"a row, 12":                {table, "copy-out", &pgconn.PgError{Code: "54000", Message: "out of memory", Detail: "Cannot enlarge string buffer containing 600000003 bytes by 600000002 more bytes.", File: "stringinfo.c"}, false, long},
		"a row, 18":                {table, "copy-out", &pgconn.PgError{Code: "54000", Message: "string buffer exceeds maximum allowed length (1073741823 bytes)", File: "stringinfo.c"}, false, long},
		"a row, converted":         {table, "copy-in", &pgconn.PgError{Code: "54000", Message: "out of memory", Detail: "String of 600000000 bytes is too long for encoding conversion.", File: "mbutils.c"}, false, long},
		"a broken value":           {table, "copy-out", &pgconn.PgError{Code: "XX000", Message: "invalid memory alloc request size 18446744073709551613"}, false, ""},
		"an index row":             {index, "", &pgconn.PgError{Code: "54000", Message: "index row size 2712 exceeds btree version 4 maximum 2704", File: "nbtutils.c"}, false, ""},
		"no disk on the target":    {table, "copy-in", &pgconn.PgError{Code: "53100", Message: "could not extend file"}, false, disk},
		"no disk for an index":     {index, "", &pgconn.PgError{Code: "53100", Message: "could not extend file"}, false, disk},
		"no disk on the source":    {table, "copy-out", &pgconn.PgError{Code: "53100", Message: "could not write to file"}, false, ""},
		"a conflict":               {table, "copy-out", &pgconn.PgError{Code: "40001", Message: "canceling statement due to conflict with recovery"}, true, standby},
		"a deadlock of ours":       {table, "copy-in", &pgconn.PgError{Code: "40001"}, true, ""},
		"a lost snapshot":          {table, "", fmt.Errorf("source: %w (%w)", errSnapshotLost, &pgconn.PgError{Code: "22023"}), true, standby},
		"a lost snapshot, primary": {table, "", errSnapshotLost, false, ""},
		"a definition":             {index, "", &pgconn.PgError{Code: "22P05", Message: `character with byte sequence 0xe2 0x82 0xac`, File: "mbutils.c"}, false, "in the object's definition"},
		"an escape in jsonb":       {table, "copy-in", &pgconn.PgError{Code: "22P05", Message: "unsupported Unicode escape sequence", File: "jsonapi.c"}, false, ""},
		"anything else":            {table, "copy-in", &pgconn.PgError{Code: "23505"}, false, ""},
	} {
		r := &run{srcFacts: &catalog.Facts{Encoding: "UTF8", InRecovery: tt.recovery}, dstFacts: &catalog.Facts{Encoding: "LATIN1"}}
		err := tt.err
		if tt.stage != "" {
			err = &pipeline.Error{Stage: tt.stage, Err: err}
		}
		got := r.explain(t.Context(), tt.task, err)
		if !errors.Is(got, err) || !strings.HasPrefix(got.Error(), err.Error()) {
			t.Errorf("%s: the server's words are lost: %v", name, got)
		}
		if said := got.Error() != err.Error(); said != (tt.want != "") || !strings.Contains(got.Error(), tt.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The row stands behind the table's name, which may hold numbers, too.
func TestLineOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		table, where string
		want         int64
	}{
		{"t", "COPY t, line 3", 3},
		{"t, line 9", "COPY t, line 9, line 12, column v: \"4\"", 12},
		{"t", "COPY t, Zeile 5, Spalte v: »7«", 5},
		{"t", "", 0},
	} {
		if got := lineOf(&pgconn.PgError{Where: tt.where}, tt.table); got != tt.want {
			t.Errorf("%q: row %d, want %d", tt.where, got, tt.want)
		}
	}
}
