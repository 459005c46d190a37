package pgtest

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"strconv"
	"testing"

	"pgsluice/internal/cluster"
)

// The roles of TLSServer. All have TLSPassword and must prove it by SCRAM;
// postgres is trusted, with TLS and without.
const (
	TLSAny      = "any_tls"      // gets in with TLS and without
	TLSOnly     = "only_tls"     // is rejected without TLS
	TLSNever    = "never_tls"    // is rejected with TLS
	TLSPassword = "open: sesame" // needs quoting in a URL
)

var tlsHBA = []string{
	"local all postgres trust",
	"host all postgres 127.0.0.1/32 trust",
	"hostnossl all " + TLSOnly + " 127.0.0.1/32 reject",
	"hostssl all " + TLSNever + " 127.0.0.1/32 reject",
	"host all all 127.0.0.1/32 scram-sha-256",
}

// TLSServer is a shared cluster that speaks TLS, with the certificate files.Cert,
// and has the roles above. For another certificate give New the options TLSOptions.
func TLSServer(t testing.TB) (c *cluster.Cluster, files TLSFiles) {
	t.Helper()
	files = Certificates(t)
	return start(t, "tls", TLSOptions(files.CA, files.Cert, files.Key), tlsRoles), files
}

// TLSOptions are those of TLSServer, with the certificate in these PEM files. A
// cluster that New starts with them lacks the roles; postgres gets in.
func TLSOptions(ca, cert, key string) cluster.Options {
	return cluster.Options{
		TLS: cluster.TLS{CA: ca, Cert: cert, Key: key},
		HBA: tlsHBA,
		// md5 is initdb's default to version 13
		Settings: map[string]string{"password_encryption": "scram-sha-256"},
	}
}

func tlsRoles(c *cluster.Cluster) error {
	var sql string
	for _, role := range []string{TLSAny, TLSOnly, TLSNever} {
		sql += "CREATE ROLE " + role + " LOGIN PASSWORD '" + TLSPassword + "';"
	}
	return Run(context.Background(), c.URL("postgres"), sql)
}

// TLSURL is the connection URI of a role of TLSServer, by way of host ("localhost"
// or "127.0.0.1"), with pairs of parameters such as "sslmode", "require".
func TLSURL(c *cluster.Cluster, role, host, database string, params ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		query.Set(params[i], params[i+1])
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(role, TLSPassword),
		Host:     net.JoinHostPort(host, strconv.Itoa(c.Port())),
		Path:     "/" + database,
		RawQuery: query.Encode(),
	}
	return u.String()
}

// Certificates are made once for this test binary, and removed by Main.
func Certificates(t testing.TB) TLSFiles {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.tlsDir != "" {
		return shared.tlsFiles
	}
	dir, err := os.MkdirTemp("", "pgsluice-tls-*")
	if err != nil {
		t.Fatal(err)
	}
	files, err := makeCertificates(dir)
	if err != nil {
		t.Fatal(errors.Join(err, os.RemoveAll(dir)))
	}
	shared.tlsDir, shared.tlsFiles = dir, files
	return files
}
