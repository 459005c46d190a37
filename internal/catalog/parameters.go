package catalog

import (
	"fmt"
	"slices"
)

// withoutEffect are parameters of libpq that concern its own sockets, its Kerberos or what sessions set anyway. pgx
// does not know them and would send them to the server, which then refuses the login.
var withoutEffect = []string{
	"client_encoding", "fallback_application_name", "gssdelegation", "gsslib", "keepalives", "keepalives_count",
	"keepalives_idle", "keepalives_interval", "load_balance_hosts", "sslcompression", "sslkeylogfile", "tcp_user_timeout",
}

// notSupported are parameters of libpq that would weaken what the user asked for if they were passed over.
var notSupported = []string{
	"hostaddr", "oauth_client_id", "oauth_client_secret", "oauth_issuer", "oauth_scope", "replication", "requirepeer",
	"scram_client_key", "scram_server_key", "ssl_max_protocol_version", "sslcrl", "sslcrldir",
}

// libpqOnly takes the parameters that only libpq knows out of the settings that a session begins with, or refuses them.
func libpqOnly(settings map[string]string) error {
	for name, value := range settings {
		switch {
		case slices.Contains(notSupported, name),
			name == "gssencmode" && value == "require",
			name == "ssl_min_protocol_version" && value != "TLSv1" && value != "TLSv1.1" && value != "TLSv1.2":
			return fmt.Errorf("connection string: %s is not supported", name)
		case slices.Contains(withoutEffect, name), name == "gssencmode", name == "ssl_min_protocol_version":
			delete(settings, name)
		}
	}
	return nil
}
