package transfer

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec" // exec is this package's own
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// small is a database that a role of the TLS server owns.
func small(t *testing.T, c *cluster.Cluster, role string) string {
	t.Helper()
	admin := pgtest.DatabaseOn(t, c, "OWNER "+role)
	pgtest.Exec(t, admin, "CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 100) g; ALTER TABLE t OWNER TO "+role)
	return admin
}

// sameSmall demands that a copy of small has arrived.
func sameSmall(t *testing.T, url string) {
	t.Helper()
	if n := number(t, url, "SELECT sum(id) FROM t"); n != 5050 {
		t.Errorf("the sum of the rows that arrived is %d", n)
	}
}

// Every sslmode, on both sides, for a whole copy: so pg_dump, too, reads through the connection that the mode allows.
func TestTLSModes(t *testing.T) {
	t.Parallel()
	c, files := pgtest.TLSServer(t)
	sources := map[string]string{}
	for _, role := range []string{pgtest.TLSAny, pgtest.TLSOnly, pgtest.TLSNever} {
		sources[role] = small(t, c, role)
	}
	empty := pgtest.DatabaseOn(t, c) // for those that are refused
	wrongHost := pgtest.New(t, pgtest.TLSOptions(files.CA, files.WrongHostCert, files.WrongHostKey))
	for _, tt := range []struct {
		name, role, host, mode, ca string
		refusal                    string // "" for a copy
	}{
		{"disable", pgtest.TLSAny, "127.0.0.1", "disable", "", ""},
		{"disable where it must not be", pgtest.TLSOnly, "127.0.0.1", "disable", "", "no encryption"},
		{"allow falls forward", pgtest.TLSOnly, "127.0.0.1", "allow", "", ""},
		{"allow stays without", pgtest.TLSNever, "127.0.0.1", "allow", "", ""},
		{"prefer", pgtest.TLSOnly, "localhost", "prefer", "", ""},
		{"prefer falls back", pgtest.TLSNever, "localhost", "prefer", "", ""},
		{"require", pgtest.TLSOnly, "127.0.0.1", "require", "", ""},
		{"require where it must not be", pgtest.TLSNever, "127.0.0.1", "require", "", "SSL"},
		{"verify-ca", pgtest.TLSOnly, "127.0.0.1", "verify-ca", files.CA, ""},
		{"verify-ca of another", pgtest.TLSOnly, "127.0.0.1", "verify-ca", files.OtherCA, "unknown authority"},
		{"verify-full by address", pgtest.TLSOnly, "127.0.0.1", "verify-full", files.CA, ""},
		{"verify-full by name", pgtest.TLSOnly, "localhost", "verify-full", files.CA, ""},
		{"verify-full of another", pgtest.TLSOnly, "localhost", "verify-full", files.OtherCA, "unknown authority"},
		{"verify-full without the file", pgtest.TLSOnly, "localhost", "verify-full", "/nowhere/ca.pem", "/nowhere/ca.pem"},
		{"the system does not know it", pgtest.TLSOnly, "localhost", "verify-full", "system", "unknown authority"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src, dst := sources[tt.role], empty
			if tt.refusal == "" {
				dst = pgtest.DatabaseOn(t, c, "OWNER "+tt.role)
			}
			params := []string{"sslmode", tt.mode}
			if tt.ca != "" {
				params = append(params, "sslrootcert", tt.ca)
			}
			opt := Options{
				Source: pgtest.TLSURL(c, tt.role, tt.host, databaseName(src), params...), Target: pgtest.TLSURL(c, tt.role, tt.host, databaseName(dst), params...),
				Jobs: 2, NoOwner: true, NoACL: true,
			}
			if tt.refusal == "" {
				copyOK(t, opt)
				sameSmall(t, dst)
				return
			}
			_, err := Copy(t.Context(), opt)
			refused(t, err, "source", tt.refusal)
			opt.Source = src
			_, err = Copy(t.Context(), opt)
			refused(t, err, "target", tt.refusal)
			if strings.Contains(err.Error(), pgtest.TLSPassword) {
				t.Errorf("the password shows: %v", err)
			}
			untouched(t, dst)
		})
	}
	t.Run("a certificate of another host", func(t *testing.T) {
		t.Parallel()
		src, dst := sources[pgtest.TLSAny], wrongHost.URL("postgres")
		full := pgtest.TLSURL(wrongHost, "postgres", "localhost", "postgres", "sslmode", "verify-full", "sslrootcert", files.CA)
		_, err := Copy(t.Context(), Options{Source: src, Target: full, Jobs: 1})
		refused(t, err, "target", "wrong.example", "localhost")
		untouched(t, dst)
		copyOK(t, Options{Source: src, Target: strings.Replace(full, "verify-full", "verify-ca", 1), Jobs: 1, NoOwner: true})
		sameSmall(t, dst)
	})
}

// A list of hosts is settled by the first connection: pg_dump and all readers go where it led, also where another
// server of the list has a database of the same name.
func TestSeveralHosts(t *testing.T) {
	t.Parallel()
	first, second := pgtest.Server(t), pgtest.Second(t)
	src := pgtest.DatabaseOn(t, second)
	name := databaseName(src)
	pgtest.Exec(t, first.URL("postgres"), "CREATE DATABASE "+name)
	t.Cleanup(func() {
		_ = pgtest.Run(context.WithoutCancel(t.Context()), first.URL("postgres"), "DROP DATABASE "+name)
	})
	pgtest.Exec(t, src, "CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 100) g")
	pgtest.Exec(t, first.URL(name), "CREATE TABLE other ()")
	dst := pgtest.DatabaseOn(t, first)
	hosts := fmt.Sprintf("postgres://postgres@127.0.0.1:%d,localhost:%d,127.0.0.1:%d/%s?sslmode=prefer", unusedPort(t), second.Port(), first.Port(), name)
	result := copyOK(t, Options{Source: hosts, Target: dst, Jobs: 1})
	sameSmall(t, dst)
	if int(result.Source.Port) != second.Port() || result.Source.Host != "localhost" {
		t.Errorf("the source is said to be %s, port %d", result.Source.Host, result.Source.Port)
	}
}

// sslrootcert=system takes the authorities of the system, which a process reads once: this test runs again in a process
// whose system knows ours.
func TestTLSSystemCA(t *testing.T) {
	if source := os.Getenv("PGSLUICE_TEST_SOURCE"); source != "" {
		copyOK(t, Options{Source: source, Target: os.Getenv("PGSLUICE_TEST_TARGET"), Jobs: 1, NoOwner: true, NoACL: true})
		return
	}
	c, files := pgtest.TLSServer(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	src, dst := small(t, c, pgtest.TLSOnly), pgtest.DatabaseOn(t, c, "OWNER "+pgtest.TLSOnly)
	params := []string{"sslmode", "verify-full", "sslrootcert", "system"}
	child := osexec.CommandContext(t.Context(), program, "-test.run=^TestTLSSystemCA$", "-test.v")
	child.Env = append(os.Environ(), "SSL_CERT_FILE="+files.CA,
		"PGSLUICE_TEST_SOURCE="+pgtest.TLSURL(c, pgtest.TLSOnly, "localhost", databaseName(src), params...),
		"PGSLUICE_TEST_TARGET="+pgtest.TLSURL(c, pgtest.TLSOnly, "localhost", databaseName(dst), params...))
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestTLSSystemCA") {
		t.Fatalf("%v\n%s", err, out)
	}
	sameSmall(t, dst)
}
