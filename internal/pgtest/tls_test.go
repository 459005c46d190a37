package pgtest_test

import (
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

func TestTLSModes(t *testing.T) {
	t.Parallel()
	c, files := pgtest.TLSServer(t)
	wrongHost := pgtest.New(t, pgtest.TLSOptions(files.CA, files.WrongHostCert, files.WrongHostKey))
	tests := []struct {
		name    string
		cluster *cluster.Cluster
		role    string
		host    string
		mode    string
		ca      string
		ok      bool
	}{
		{"no TLS", c, pgtest.TLSAny, "127.0.0.1", "disable", "", true},
		{"TLS", c, pgtest.TLSAny, "127.0.0.1", "require", "", true},
		{"no TLS where it must be", c, pgtest.TLSOnly, "127.0.0.1", "disable", "", false},
		{"TLS where it must be", c, pgtest.TLSOnly, "127.0.0.1", "require", "", true},
		{"prefer", c, pgtest.TLSOnly, "127.0.0.1", "prefer", "", true},
		{"TLS where it must not be", c, pgtest.TLSNever, "127.0.0.1", "require", "", false},
		{"verify-ca", c, pgtest.TLSAny, "127.0.0.1", "verify-ca", files.CA, true},
		{"verify-ca, other CA", c, pgtest.TLSAny, "127.0.0.1", "verify-ca", files.OtherCA, false},
		{"verify-full, address", c, pgtest.TLSAny, "127.0.0.1", "verify-full", files.CA, true},
		{"verify-full, name", c, pgtest.TLSAny, "localhost", "verify-full", files.CA, true},
		{"verify-ca, wrong host", wrongHost, "postgres", "localhost", "verify-ca", files.CA, true},
		{"verify-full, wrong host", wrongHost, "postgres", "localhost", "verify-full", files.CA, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			params := []string{"sslmode", tt.mode}
			if tt.ca != "" {
				params = append(params, "sslrootcert", tt.ca)
			}
			url := pgtest.TLSURL(tt.cluster, tt.role, tt.host, "postgres", params...)
			err := pgtest.Run(t.Context(), url, "SELECT 1")
			if (err == nil) != tt.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}
