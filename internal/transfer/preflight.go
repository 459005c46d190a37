package transfer

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

const (
	oldestServer = 12
	// a transfer opens two snapshot holders, pg_dump's connection, one for questions, one to watch, and a reader a job
	readersBeside = 5
	// and on the target one that runs what is serial, one to watch, and a writer a job
	writersBeside = 2
)

// preflight logs in on both sides and refuses what can't work, before anything is read in earnest.
func (r *run) preflight(ctx context.Context) error {
	var err error
	if r.src, err = catalog.ParseAddress(r.Source); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if r.dst, err = catalog.ParseAddress(r.Target); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	src, err := r.src.Connect(ctx, "pgsluice preflight", nil)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer catalog.Close(ctx, src)
	r.src.Pin(src)
	dst, err := r.dst.Connect(ctx, "pgsluice preflight", nil)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer catalog.Close(ctx, dst)
	r.dst.Pin(dst)

	if r.srcFacts, err = catalog.ReadFacts(ctx, src); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if r.dstFacts, err = catalog.ReadFacts(ctx, dst); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	r.result.Source = endpoint(r.src, r.srcFacts)
	r.result.Target = endpoint(r.dst, r.dstFacts)
	same, err := sameDatabase(ctx, src, dst, r.srcFacts, r.dstFacts)
	if err != nil {
		return err
	}
	if same {
		return fmt.Errorf("source and target are the same database, %s", r.src)
	}
	if err := r.checkServers(); err != nil {
		return err
	}
	r.fitJobs()
	return r.checkUserObjects(ctx, dst)
}

func endpoint(a *catalog.Address, f *catalog.Facts) Endpoint {
	return Endpoint{Host: a.Host(), Port: a.Port(), Database: f.Database, User: f.User, ServerVersion: f.VersionText}
}

func (r *run) checkServers() error {
	src, dst := r.srcFacts, r.dstFacts
	switch {
	case src.Version/10000 < oldestServer:
		return fmt.Errorf("source: server version %s is too old; %d is the oldest that is supported", src.VersionText, oldestServer)
	case dst.Version/10000 < oldestServer:
		return fmt.Errorf("target: server version %s is too old; %d is the oldest that is supported", dst.VersionText, oldestServer)
	case dst.InRecovery:
		return fmt.Errorf("target: %s is a standby, it can't be written; name its primary", r.dst)
	case dst.ReadOnly:
		return fmt.Errorf("target: %s is read-only (default_transaction_read_only is on for user %q)", r.dst, dst.User)
	case r.Clean && r.Confirm != dst.Database:
		return fmt.Errorf("--confirm %q is not the target database's name, %q: nothing was dropped", r.Confirm, dst.Database)
	case src.FreeConnections < 1+readersBeside:
		return fmt.Errorf("source: %d connections are free, but %d are needed", src.FreeConnections, 1+readersBeside)
	case dst.FreeConnections < 2+writersBeside:
		return fmt.Errorf("target: %d connections are free, but %d are needed", dst.FreeConnections, 2+writersBeside)
	case r.oneServer() && min(src.FreeConnections, dst.FreeConnections) < 3+readersBeside+writersBeside:
		return fmt.Errorf("source and target are one server: %d connections are free, but %d are needed",
			min(src.FreeConnections, dst.FreeConnections), 3+readersBeside+writersBeside)
	case !r.SchemaOnly && src.Tables*3 > src.LockSlots*2: // pg_dump and two holders lock each table; a slot holds two such locks
		return fmt.Errorf("source: %d tables are more than its lock table has room for; set max_locks_per_transaction to %d or more and restart it",
			src.Tables, 64*(1+src.Tables*3/(2*max(src.LockSlots, 1))))
	}
	if src.Version/10000 > dst.Version/10000 {
		r.warn("target", fmt.Sprintf("its version, %s, is older than the source's, %s: some objects may not be understood", dst.VersionText, src.VersionText))
	}
	if src.Encoding != dst.Encoding {
		r.warn("target", fmt.Sprintf("its encoding is %s, the source's %s: text is converted, and what can't be is an error", dst.Encoding, src.Encoding))
	}
	return nil
}

// checkUserObjects refuses a target that is in use. With Clean they are dropped later, with DataOnly needed.
func (r *run) checkUserObjects(ctx context.Context, dst *pgconn.PgConn) error {
	if r.DataOnly {
		return nil
	}
	objects, err := catalog.UserObjects(ctx, dst)
	switch {
	case err != nil:
		return fmt.Errorf("target: %w", err)
	case len(objects) == 0:
		return r.checkConfiguration(ctx, dst)
	case !r.Clean:
		return fmt.Errorf("target: database %q is not empty: it has %s; give an empty database, or drop them all with --clean --confirm NAME",
			r.dstFacts.Database, catalog.Summary(objects))
	}
	for _, o := range objects {
		if len(o.Drop) == 0 {
			return fmt.Errorf("target: --clean can't drop %s %s inside a transaction: drop it first", o.Type, o.Identity)
		}
	}
	return nil
}

// checkConfiguration refuses rows of the user's own in an extension's configuration tables: the source's would come on top.
func (r *run) checkConfiguration(ctx context.Context, dst *pgconn.PgConn) error {
	if r.Clean {
		return nil
	}
	rows, err := catalog.ConfigurationRows(ctx, dst)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	if len(rows) > 0 {
		return fmt.Errorf("target: database %q is not empty: an extension's configuration table has rows (%s); give an empty database, or use --clean --confirm NAME",
			r.dstFacts.Database, strings.TrimPrefix(rows[0], "DELETE FROM ONLY "))
	}
	return nil
}

// sameDatabase takes an advisory lock on one side and looks for it on the other: that holds whatever names, pools or
// tunnels led there. A standby shows its own locks only, so there the cluster's identity decides.
func sameDatabase(ctx context.Context, src, dst *pgconn.PgConn, s, d *catalog.Facts) (bool, error) {
	if s.InRecovery || d.InRecovery {
		return s.SystemIdentifier != "" && s.SystemIdentifier == d.SystemIdentifier && s.DatabaseOID == d.DatabaseOID, nil
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return false, err
	}
	key := strconv.FormatInt(int64(binary.BigEndian.Uint64(random[:])), 10)
	if _, err := catalog.Rows(ctx, src, "SELECT pg_catalog.pg_advisory_lock($1::int8)", key); err != nil {
		return false, fmt.Errorf("source: advisory lock: %w", err)
	}
	row, err := catalog.Row(ctx, dst, `
SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l, pg_catalog.pg_database d
                WHERE l.locktype = 'advisory' AND l.database = d.oid AND d.datname = pg_catalog.current_database()
                  AND (l.classid::int8 << 32 | l.objid::int8) = $1::int8)`, key)
	if err != nil {
		return false, fmt.Errorf("target: advisory lock: %w", err)
	}
	_, err = catalog.Rows(ctx, src, "SELECT pg_catalog.pg_advisory_unlock($1::int8)", key)
	return row[0] == "t", err
}
