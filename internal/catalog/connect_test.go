package catalog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

const identity = "SELECT system_identifier FROM pg_control_system()"

// A list of hosts is settled once: whatever the first connection reached is what all later ones reach.
func TestPin(t *testing.T) {
	t.Parallel()
	first, second := pgtest.Server(t), pgtest.Second(t)
	dead := closedPort(t)
	tcp := func(ports ...int) string {
		hosts := make([]string, len(ports))
		for i, p := range ports {
			hosts[i] = "127.0.0.1:" + strconv.Itoa(p)
		}
		return "postgres://postgres@" + strings.Join(hosts, ",") + "/postgres?sslmode=disable"
	}
	for _, tt := range []struct {
		name, address string
		want          *cluster.Cluster
	}{
		{"the first that answers", tcp(dead, second.Port(), first.Port()), second},
		{"one host by name", fmt.Sprintf("postgres://postgres@localhost:%d/postgres?sslmode=prefer", first.Port()), first},
		{"a socket", fmt.Sprintf("host=%s port=%d user=postgres", first.Dir(), first.Port()), first},
		{"the second socket", fmt.Sprintf("host=%[1]s,%[1]s port=%[2]d,%[3]d user=postgres", second.Dir(), first.Port(), second.Port()), second},
		{"what target_session_attrs asks for", tcp(first.Port(), second.Port()) + "&target_session_attrs=read-write", first},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := parse(t, tt.address)
			conn, err := a.Connect(t.Context(), "pgsluice test", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer Close(context.WithoutCancel(t.Context()), conn)
			want := pgtest.Scalar[string](t, tt.want.URL("postgres"), "SELECT system_identifier::text FROM pg_control_system()")
			if got := one(t, conn, identity); got != want {
				t.Fatalf("the first connection reached %s, want %s", got, want)
			}
			a.Pin(conn)
			if left := a.hosts(); len(left) != 1 {
				t.Errorf("%d places are left to choose from", len(left))
			}
			again, err := a.Connect(t.Context(), "pgsluice test", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer Close(context.WithoutCancel(t.Context()), again)
			if got := one(t, again, identity); got != want {
				t.Errorf("the second connection reached %s, want %s", got, want)
			}
		})
	}
}

// A standby that is named first is passed over once, and not asked again.
func TestPinPassesOverReadOnly(t *testing.T) {
	t.Parallel()
	first, second := pgtest.Server(t), pgtest.Second(t)
	role := pgtest.Role(t, first, "reads_only")
	pgtest.Exec(t, first.URL("postgres"), "ALTER ROLE "+role+" SET default_transaction_read_only = on")
	pgtest.Exec(t, second.URL("postgres"), "CREATE ROLE "+role+" LOGIN")
	a := parse(t, fmt.Sprintf("postgres://%s@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=read-write",
		role, first.Port(), second.Port()))
	conn, err := a.Connect(t.Context(), "pgsluice test", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(context.WithoutCancel(t.Context()), conn)
	a.Pin(conn)
	if a.Port() != uint16(second.Port()) || len(a.hosts()) != 1 {
		t.Errorf("pinned to port %d of %d places, want %d", a.Port(), len(a.hosts()), second.Port())
	}
}

// Pinned to an address, TLS still checks the name that the user gave.
func TestPinKeepsTheNameForTLS(t *testing.T) {
	t.Parallel()
	c, files := pgtest.TLSServer(t)
	a := parse(t, pgtest.TLSURL(c, pgtest.TLSAny, "localhost", "postgres", "sslmode", "verify-full", "sslrootcert", files.CA))
	conn, err := a.Connect(t.Context(), "pgsluice test", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(context.WithoutCancel(t.Context()), conn)
	a.Pin(conn)
	if a.config.Host == "localhost" || a.config.TLSConfig.ServerName != "localhost" || a.Host() != "localhost" {
		t.Errorf("pinned to %s with the certificate of %s; shown as %s", a.config.Host, a.config.TLSConfig.ServerName, a.Host())
	}
	again, err := a.Connect(t.Context(), "pgsluice test", nil)
	if err != nil {
		t.Fatal(err)
	}
	Close(t.Context(), again)
}

// sslmode=prefer falls back to no TLS; a connection that did must not be followed by one that may differ.
func TestPinKeepsTheModeOfTLS(t *testing.T) {
	t.Parallel()
	c, _ := pgtest.TLSServer(t)
	for role, wantTLS := range map[string]bool{pgtest.TLSNever: false, pgtest.TLSOnly: true} {
		for _, mode := range []string{"prefer", "allow"} {
			a := parse(t, pgtest.TLSURL(c, role, "127.0.0.1", "postgres", "sslmode", mode))
			conn, err := a.Connect(t.Context(), "pgsluice test", nil)
			if err != nil {
				t.Errorf("%s %s: %v", role, mode, err)
				continue
			}
			a.Pin(conn)
			Close(t.Context(), conn)
			if (a.config.TLSConfig != nil) != wantTLS || len(a.config.Fallbacks) > 0 {
				t.Errorf("%s %s: pinned with TLS %v, %d fallbacks", role, mode, a.config.TLSConfig != nil, len(a.config.Fallbacks))
			}
		}
	}
}

// closedPort is a port that nothing listens on.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, _ := strconv.Atoi(port)
	return n
}

// Whatever keeps a connection from being made is said in one sentence, without the password.
func TestConnectErrors(t *testing.T) {
	t.Parallel()
	c, files := pgtest.TLSServer(t)
	plain := pgtest.Server(t)
	dead, dead2 := closedPort(t), closedPort(t)
	for _, tt := range []struct{ name, address, says string }{
		{"nothing listens", fmt.Sprintf("postgres://me:sekret@127.0.0.1:%d/db?sslmode=disable", dead), "connection refused"},
		{"nothing listens, two ways", fmt.Sprintf("postgres://me:sekret@127.0.0.1:%d/db?sslmode=prefer", dead), "db at 127.0.0.1:"},
		{"nothing listens, two hosts", fmt.Sprintf("postgres://me:sekret@127.0.0.1:%d,127.0.0.1:%d/db?sslmode=disable", dead, dead2), strconv.Itoa(dead2)},
		{"no socket", "host=/nowhere port=5432 dbname=db user=me password=sekret", "no such file"},
		{"no such host", "postgres://me:sekret@nowhere.invalid/db", "nowhere.invalid"},
		{
			"wrong password", fmt.Sprintf("postgres://%s:sekret@127.0.0.1:%d/postgres?sslmode=disable", pgtest.TLSAny, c.Port()),
			"password authentication failed",
		},
		{
			"no password", fmt.Sprintf("postgres://%s@127.0.0.1:%d/postgres?sslmode=disable", pgtest.TLSAny, c.Port()),
			"no password was given",
		},
		{"no such database", pgtest.TLSURL(c, pgtest.TLSAny, "127.0.0.1", "missing", "sslmode", "require"), `database "missing" does not exist`},
		{"TLS is a must", pgtest.TLSURL(c, pgtest.TLSOnly, "127.0.0.1", "postgres", "sslmode", "disable"), "no encryption"},
		{"TLS is not offered", fmt.Sprintf("postgres://postgres:sekret@127.0.0.1:%d/postgres?sslmode=require", plain.Port()), "refused TLS"},
		{
			"another authority", pgtest.TLSURL(c, pgtest.TLSAny, "127.0.0.1", "postgres", "sslmode", "verify-full", "sslrootcert", files.OtherCA),
			"unknown authority",
		},
		{"only a standby will do", plain.URL("postgres") + "&target_session_attrs=standby", "not in hot standby mode"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, err := parse(t, tt.address).Connect(t.Context(), "pgsluice test", nil)
			if err == nil {
				Close(t.Context(), conn)
				t.Fatal("no error")
			}
			for _, secret := range []string{"sekret", pgtest.TLSPassword} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the password shows: %v", err)
				}
			}
			if !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, which does not say %q in one line", err, tt.says)
			}
		})
	}
}

// A server that accepts and then says nothing is given up after the timeout.
func TestConnectTimesOut(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = parse(t, "postgres://me@"+l.Addr().String()+"/db?sslmode=disable&connect_timeout=2").Connect(t.Context(), "x", nil)
	if err == nil || !strings.Contains(err.Error(), "no answer within 2s") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the user went home"))
	if _, err := parse(t, "postgres://me@"+l.Addr().String()+"/db").Connect(ctx, "x", nil); err == nil || err.Error() != "the user went home" {
		t.Errorf("cancelled: %v", err)
	}
}
