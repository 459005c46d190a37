package catalog

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// Address is where a database is and how to get in: a parsed connection string. It holds the password, if
// there is one, so it is never printed; String gives what may be shown. Safe for concurrent use.
type Address struct {
	config *pgconn.Config
	host   string // as the user named it; config.Host may be pinned to one IP address
}

// cancelDeadline is how long a cancelled statement may take to end on the server before its connection is cut.
const cancelDeadline = 3 * time.Second

// connectTimeout is the time for one host to answer when the connection string and PGCONNECT_TIMEOUT say nothing:
// without one, a firewall that drops packets holds a maintenance window for minutes.
const connectTimeout = 15 * time.Second

var urlWithoutScheme = regexp.MustCompile(`^[^/ =]*:[^/ =]*@`)

// ParseAddress reads a database's name as psql does: a URL, a keyword string, or a bare database name; what it
// leaves out comes from a service file, the PG* variables, .pgpass and the defaults, in libpq's order.
func ParseAddress(name string) (*Address, error) {
	switch scheme, _, isURL := strings.Cut(name, "://"); {
	case isURL && scheme != "postgres" && scheme != "postgresql" && !strings.ContainsAny(scheme, "= "):
		return nil, errors.New("connection string: a URL begins with postgres:// or postgresql://")
	case !isURL && urlWithoutScheme.MatchString(name):
		return nil, errors.New("connection string: it looks like a URL, but does not begin with postgres://")
	}
	if !strings.HasPrefix(name, "postgres://") && !strings.HasPrefix(name, "postgresql://") &&
		!strings.Contains(name, "=") && name != "" {
		name = "dbname=" + quoteKeywordValue(name)
	}
	config, err := pgconn.ParseConfig(name)
	if err != nil {
		return nil, redactParseError(err)
	}
	if err := libpqOnly(config.RuntimeParams); err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(name, "://")
	_, path, _ := strings.Cut(rest, "/")
	if strings.Contains(path, "@") && strings.Contains(config.Database, "@") {
		// postgres://user:1/2@host/db: what follows the slash would be shown as the database's name
		return nil, errors.New(`connection string: "@" after a "/": in a URL's password "/" is written %2F, and in a database's name "@" is written %40`)
	}
	if config.Database == "" {
		config.Database = config.User // libpq's default, made explicit so that messages can name it
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	config.DialFunc = (&net.Dialer{Timeout: config.ConnectTimeout, KeepAliveConfig: keepAlive}).DialContext
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelDeadline}
	}
	return &Address{config: config, host: config.Host}, nil
}

// keepAlive notices within a minute that the other end of an idle connection has gone without a word, and keeps routers from
// forgetting it. TCP_USER_TIMEOUT, which would do the same for bytes that nobody acknowledges, also ends connections whose
// server is alive and does not read for long: a COPY that waits for a lock.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3}

// quoteKeywordValue quotes a value of a keyword/value connection string (libpq, conninfo_parse).
func quoteKeywordValue(v string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
}

// redactParseError drops the connection string from pgx's message, and what it quotes of one that has no form: pgx
// masks passwords by pattern only, and a malformed string is just where a pattern fails.
func redactParseError(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "failed to parse as URL"):
		return errors.New(`connection string: not a valid URL; special characters of a name or a password are written as % and two hexadecimal digits`)
	case strings.Contains(text, "failed to parse as keyword/value"):
		return errors.New(`connection string: not "keyword=value keyword=value"; a value with spaces stands between single quotes`)
	}
	const quoted = "`: " // ends the connection string in "cannot parse `…`: what is wrong with it"
	if i := strings.LastIndex(text, quoted); i >= 0 {
		return errors.New("connection string: " + text[i+len(quoted):])
	}
	return errors.New("connection string: not a URL, a keyword string or a database name")
}

// Host is the first host, or the socket folder, that the address names.
func (a *Address) Host() string { return a.host }

// Port is the port of Host.
func (a *Address) Port() uint16 { return a.config.Port }

// Database is the database's name.
func (a *Address) Database() string { return a.config.Database }

// User is the role that logs in.
func (a *Address) User() string { return a.config.User }

// String is the address as it may be shown: no password, no options.
func (a *Address) String() string {
	where := net.JoinHostPort(a.host, strconv.Itoa(int(a.config.Port)))
	if strings.HasPrefix(a.host, "/") || strings.HasPrefix(a.host, "@") {
		where = "socket " + a.host + " port " + strconv.Itoa(int(a.config.Port))
	}
	return a.config.Database + " at " + where
}

// Pin makes every later connection of a go to the very server that conn reached: neither a list of hosts nor a
// name with several addresses may give one session to another server than the next (FACTS.md 7).
func (a *Address) Pin(conn *pgconn.PgConn) {
	_, overTLS := conn.Conn().(*tls.Conn)
	var kept []*pgconn.FallbackConfig
	var name string // of the first one kept, as the user gave it
	for _, h := range a.hosts() {
		if (h.TLSConfig != nil) != overTLS {
			continue
		}
		switch remote := conn.Conn().RemoteAddr().(type) {
		case *net.TCPAddr:
			if int(h.Port) == remote.Port && resolvesTo(h.Host, remote.IP) {
				// the certificate is still checked against the name: that stands in TLSConfig
				name = cmp.Or(name, h.Host)
				kept = append(kept, &pgconn.FallbackConfig{Host: remote.IP.String(), Port: h.Port, TLSConfig: h.TLSConfig})
			}
		case *net.UnixAddr:
			if network, path := pgconn.NetworkAddress(h.Host, h.Port); network == "unix" && path == remote.Name {
				name = cmp.Or(name, h.Host)
				kept = append(kept, h)
			}
		}
	}
	if len(kept) == 0 {
		return
	}
	a.config.Host, a.config.Port, a.config.TLSConfig = kept[0].Host, kept[0].Port, kept[0].TLSConfig
	a.config.Fallbacks = nil
	a.host = name
	a.config.ValidateConnect = nil
}

func (a *Address) hosts() []*pgconn.FallbackConfig {
	first := &pgconn.FallbackConfig{Host: a.config.Host, Port: a.config.Port, TLSConfig: a.config.TLSConfig}
	return append([]*pgconn.FallbackConfig{first}, a.config.Fallbacks...)
}

func resolvesTo(host string, ip net.IP) bool {
	addresses, err := net.LookupIP(host)
	return err == nil && slices.ContainsFunc(addresses, ip.Equal)
}

// Connect opens a connection without any session settings. configure, if not nil, may adjust the copy of the
// configuration that this connection is made with. An error says in one sentence what stood in the way.
func (a *Address) Connect(ctx context.Context, application string, configure func(*pgconn.Config)) (*pgconn.PgConn, error) {
	config := a.config.Copy()
	config.BuildContextWatcherHandler = a.config.BuildContextWatcherHandler
	config.RuntimeParams["application_name"] = application
	if configure != nil {
		configure(config)
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, a.explain(err)
	}
	return conn, nil
}

// explain turns pgx's multi-line connect error into one sentence with the server's own words.
func (a *Address) explain(err error) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		if pgErr.Code == "28P01" && a.config.Password == "" {
			return fmt.Errorf("%s: user %q: %w; no password was given, in the connection string, PGPASSWORD or .pgpass", a, a.config.User, pgErr)
		}
		return fmt.Errorf("%s: user %q: %w", a, a.config.User, pgErr)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return &unreachable{fmt.Sprintf("%s: no answer within %s", a, a.config.ConnectTimeout), err}
	}
	var reasons []string
	for _, attempt := range attempts(err) {
		if reason := a.reason(attempt); !slices.Contains(reasons, reason) { // with TLS and without, mostly
			reasons = append(reasons, reason)
		}
	}
	return &unreachable{fmt.Sprintf("%s: %s", a, strings.Join(reasons, "; ")), err}
}

// unreachable has words of its own for pgx's error, which still tells whether another attempt may go well.
type unreachable struct {
	text string
	err  error
}

func (e *unreachable) Error() string { return e.text }

func (e *unreachable) Unwrap() error { return e.err }

// attempts are the errors of each address that was tried, with TLS and without.
func attempts(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

// reason is why one attempt came to nothing, without the list of what was tried that pgx puts before it.
func (a *Address) reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		if slices.ContainsFunc(a.hosts(), func(h *pgconn.FallbackConfig) bool { return h.Host != a.config.Host || h.Port != a.config.Port }) {
			return op.Error() // says which of the hosts
		}
		return op.Err.Error()
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return certificate.Error()
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}
