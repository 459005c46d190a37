package catalog

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cleanEnvironment takes away what libpq would read in the developer's own environment.
func cleanEnvironment(t *testing.T) {
	t.Helper()
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "PG") {
			t.Setenv(name, "") // so that it comes back
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("PGPASSFILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("PGSERVICEFILE", filepath.Join(t.TempDir(), "none"))
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A database is named as in psql, and what is left out comes from where psql finds it.
func TestParseAddress(t *testing.T) {
	cleanEnvironment(t)
	services := writeFile(t, "[prod]\nhost=service.example\nport=6001\ndbname=orders\nuser=app\npassword=from service\n")
	passwords := writeFile(t, "pass.example:*:*:app:from pgpass\n*:7007:esc\\:aped:*:by port\n")
	variables := map[string]string{
		"PGHOST": "env.example", "PGPORT": "7001", "PGUSER": "env_user", "PGDATABASE": "env db", "PGPASSWORD": "from environment",
	}
	type want struct {
		host                     string
		port                     uint16
		database, user, password string
	}
	tests := []struct {
		name        string
		address     string
		environment map[string]string
		want        want
	}{
		{"URL", "postgres://me:p%40ss%2F@db.example:1234/shop?sslmode=disable", nil, want{"db.example", 1234, "shop", "me", "p@ss/"}},
		{"long scheme", "postgresql://me@db.example/shop", nil, want{"db.example", 5432, "shop", "me", ""}},
		{"URL with an IPv6 address", "postgres://me@[::1]:1234/shop", nil, want{"::1", 1234, "shop", "me", ""}},
		{"URL with a socket", "postgres://me@%2Ftmp%2Fsockets:1234/shop", nil, want{"/tmp/sockets", 1234, "shop", "me", ""}},
		{"URL without a database", "postgres://me@db.example", nil, want{"db.example", 5432, "me", "me", ""}},
		{"URL with odd names", "postgres://m%C3%BC%20x:y@db.example/a%2Fb%20%22c%40", nil, want{"db.example", 5432, `a/b "c@`, "mü x", "y"}},
		{"URL with parameters", "postgres:///shop?host=db.example&port=77&user=me&password=a%26b", nil, want{"db.example", 77, "shop", "me", "a&b"}},
		{
			"keywords", `host=db.example port=1234 dbname='my db' user=me password='it\'s \\ =x'`, nil,
			want{"db.example", 1234, "my db", "me", `it's \ =x`},
		},
		{"keywords with spaces", " host = db.example user=me  dbname = 'a=b' ", nil, want{"db.example", 5432, "a=b", "me", ""}},
		{"bare name", "shop", variables, want{"env.example", 7001, "shop", "env_user", "from environment"}},
		{"bare name with spaces", "my old shop", variables, want{"env.example", 7001, "my old shop", "env_user", "from environment"}},
		{"bare name with quotes", `it's "a" \ shop`, variables, want{"env.example", 7001, `it's "a" \ shop`, "env_user", "from environment"}},
		{"nothing at all", "", variables, want{"env.example", 7001, "env db", "env_user", "from environment"}},
		{"keywords before variables", "user=me dbname=x", variables, want{"env.example", 7001, "x", "me", "from environment"}},
		{
			"service",
			"service=prod",
			map[string]string{"PGSERVICEFILE": services},
			want{"service.example", 6001, "orders", "app", "from service"},
		},
		{
			"service in a URL, with a database of one's own", "postgres:///other?service=prod",
			map[string]string{"PGSERVICEFILE": services},
			want{"service.example", 6001, "other", "app", "from service"},
		},
		{
			"service by variable", "",
			map[string]string{"PGSERVICEFILE": services, "PGSERVICE": "prod"},
			want{"service.example", 6001, "orders", "app", "from service"},
		},
		{
			"password file", "postgres://app@pass.example/x",
			map[string]string{"PGPASSFILE": passwords},
			want{"pass.example", 5432, "x", "app", "from pgpass"},
		},
		{
			"password file by port and escaped name", "host=any.example port=7007 user=me dbname=esc:aped",
			map[string]string{"PGPASSFILE": passwords},
			want{"any.example", 7007, "esc:aped", "me", "by port"},
		},
		{
			"parameters that only libpq knows", "postgres://me@db.example/x?gssencmode=prefer&keepalives_idle=5&client_encoding=auto&ssl_min_protocol_version=TLSv1.2",
			nil,
			want{"db.example", 5432, "x", "me", ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, value := range tt.environment {
				t.Setenv(name, value)
			}
			a, err := ParseAddress(tt.address)
			if err != nil {
				t.Fatal(err)
			}
			got := want{a.Host(), a.Port(), a.Database(), a.User(), a.config.Password}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if len(a.config.RuntimeParams) > 0 {
				t.Errorf("the server would be sent %v", maps.Collect(maps.All(a.config.RuntimeParams)))
			}
			if tt.want.password != "" && strings.Contains(a.String(), tt.want.password) {
				t.Errorf("the password shows in %q", a)
			}
		})
	}
}

func TestAddressString(t *testing.T) {
	cleanEnvironment(t)
	for address, want := range map[string]string{
		"postgres://me:secret@db.example:77/shop": "shop at db.example:77",
		"postgres://me@[::1]/shop":                "shop at [::1]:5432",
		"host=/run/pg port=77 dbname=shop":        "shop at socket /run/pg port 77",
	} {
		a, err := ParseAddress(address)
		if err != nil {
			t.Fatal(err)
		}
		if a.String() != want {
			t.Errorf("%s is shown as %q, want %q", address, a, want)
		}
	}
}

// What pgx would pass over, or send to the server, although it makes a connection safer is refused.
func TestParseAddressRefusesWhatItCantKeep(t *testing.T) {
	cleanEnvironment(t)
	for _, parameter := range []string{"requirepeer=x", "sslcrl=/x", "gssencmode=require", "hostaddr=127.0.0.1", "ssl_min_protocol_version=TLSv1.3"} {
		_, err := ParseAddress("host=db.example " + parameter)
		if name, _, _ := strings.Cut(parameter, "="); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", parameter, err)
		}
	}
}

func TestConnectTimeout(t *testing.T) {
	cleanEnvironment(t)
	for _, tt := range []struct {
		address, variable string
		want              time.Duration
	}{
		{"host=db.example", "", connectTimeout},
		{"host=db.example connect_timeout=7", "", 7 * time.Second},
		{"host=db.example", "8", 8 * time.Second},
		{"host=db.example connect_timeout=7", "8", 7 * time.Second},
	} {
		t.Setenv("PGCONNECT_TIMEOUT", tt.variable)
		a, err := ParseAddress(tt.address)
		if err != nil {
			t.Fatal(err)
		}
		if a.config.ConnectTimeout != tt.want {
			t.Errorf("%q with PGCONNECT_TIMEOUT=%q: %s, want %s", tt.address, tt.variable, a.config.ConnectTimeout, tt.want)
		}
	}
}

// A connection string that can't be read is named by what is wrong with it, and never quoted: its password may stand
// anywhere.
func TestParseErrorsHideThePassword(t *testing.T) {
	cleanEnvironment(t)
	t.Setenv("PGSERVICEFILE", writeFile(t, "[prod]\npassword=sekret\n"))
	for _, tt := range []struct{ address, says string }{
		{"postgres://me:%zz-sekret@h/db", "URL"},
		{"postgres://me:sekret%@h/db", "URL"},
		{"postgres://me:12/sekret@h/db", "%2F"},
		{"postgres://me:12/sekret@h:77/db?sslmode=disable", "%2F"},
		{"postgres://me:sekret/x@h/db", "invalid port"},
		{"postgres://a@me:sekret@h/db", "invalid port"},
		{"postgres://me:x@h/db?sekret", "URL"},
		{"postgres://me:x@h/db?a=b=sekret", "URL"},
		{"postgres://me:sekret@[::1/db", "URL"},
		{"postgres://me:sekret@h:1,h2:2,h3:3/db?port=1,2", "2 port numbers"},
		{"postgres://me:sekret@h/db?sslmode=verify", "sslmode is invalid"},
		{"postgres://me:sekret@h/db?sslmode=verify-ca&sslrootcert=/nowhere/ca.pem", "/nowhere/ca.pem"},
		{"postgres://me:sekret@h/db?service=other", "service"},
		{"postgres://me:sekret@h/db?target_session_attrs=some", "target_session_attrs"},
		{"postgres://me:sekret@h/db?connect_timeout=soon", "connect_timeout"},
		{"host=h password=my sekret port=1", "single quotes"},
		{"host=h password='sekret", "single quotes"},
		{"host=h password=a sekret", "single quotes"},
		{"password=sekret port=x", "invalid port"},
		{"password=sekret service=other", "service"},
		{"service=prod host=h sslmode=x", "sslmode is invalid"},
	} {
		_, err := ParseAddress(tt.address)
		switch {
		case err == nil:
			t.Errorf("%q: no error", tt.address)
		case strings.Contains(err.Error(), "sekret"):
			t.Errorf("%q: the password shows: %v", tt.address, err)
		case !strings.Contains(err.Error(), tt.says), strings.Contains(err.Error(), "\n"):
			t.Errorf("%q: %v, which does not say %q", tt.address, err, tt.says)
		}
	}
}
