package queue

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Options say where the state lies.
type Options struct {
	// Dir is the daemon's directory, made if missing. It is locked: a second process is refused. The embedded server's files are in nats
	// below it. With a URL it may be "".
	Dir string
	// URL is that of an external NATS server, or several of a cluster with commas; "" embeds one.
	URL string
	// Credentials is a file of NATS credentials for it; "" is none.
	Credentials string
	// Name is this daemon's, as the NATS server shows its connection; it need not be unique.
	Name string
	// AckWait is how long a daemon may be silent until another one gets what it has in work; 0 is 30 s: ten seconds between heartbeats
	// survive a slow disk, and a minute without a daemon would be long for who watches.
	AckWait time.Duration
	// Replicas of each stream, in a cluster; 0 is 1.
	Replicas int
	// Prefix of the names of streams and subjects, so that one cluster can serve several installations; "" is pgsluice.
	Prefix string
	// History is how many transfers that have ended are kept, the oldest being forgotten first; 0 is 10,000, which take some 20 MB of
	// memory. A dump whose file is in its store is kept all the same.
	History int
	// Warn gets what the NATS server and the connection have to say; nil drops it.
	Warn func(message string)
}

var prefixes = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func (o Options) withDefaults() (Options, error) {
	if o.AckWait == 0 {
		o.AckWait = 30 * time.Second
	}
	if o.Replicas == 0 {
		o.Replicas = 1
	}
	if o.Prefix == "" {
		o.Prefix = "pgsluice"
	}
	if o.History == 0 {
		o.History = 10_000
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if !prefixes.MatchString(o.Prefix) {
		return o, fmt.Errorf("the prefix %q may have letters, digits, - and _ only", o.Prefix)
	}
	if o.URL == "" && o.Dir == "" {
		return o, fmt.Errorf("neither a data directory nor the URL of a NATS server is given")
	}
	return o, nil
}

// servers is the URL as messages may have it: without users and passwords.
func (o Options) servers() string {
	list := strings.Split(o.URL, ",")
	for i, s := range list {
		u, err := url.Parse(strings.TrimSpace(s))
		if err != nil || u.Host == "" {
			list[i] = "a URL that can't be read"
			continue
		}
		list[i] = u.Scheme + "://" + u.Host
	}
	return strings.Join(list, ",")
}
