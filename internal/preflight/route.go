package preflight

import (
	"fmt"

	"pgsluice/internal/catalog"
)

// Routes judges what lies between one side's address and its server.
func Routes(side string, r catalog.Route) []Finding {
	switch {
	case r.Shared:
		return []Finding{{
			Side: side, What: "a connection pooler in transaction or statement mode stands in front of it: what one statement sets is gone in the next",
			Do: "name the server itself (as a rule the same host, port 5432), or a pool in session mode", Blocks: true,
		}}
	case r.Servers > 1:
		return []Finding{{
			Side: side, What: fmt.Sprintf("its address leads to several servers: connections to it reached %d", r.Servers),
			Do: "name one of them; a snapshot belongs to one server", Blocks: true,
		}}
	case r.Pooled:
		return []Finding{{
			Level: Warning, Side: side, What: "a connection pooler stands in front of it, in session mode: what waits in the server can't be shown, nor ended after a crash",
			Do: "name the server itself",
		}}
	}
	return nil
}
