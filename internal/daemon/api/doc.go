// Package api is the daemon's HTTP API: work.Service under /v1, for the page, the shell and scripts.
//
// What is under /v1 needs a bearer token in the Authorization header, and nothing else lets anybody in: there are no cookies, so a browser adds
// nothing to the requests of another site, and no other site may read an answer. Requests that change something need a token that may operate.
// Errors are problems as RFC 9457 has them. The OpenAPI document is at /openapi.json.
//
// What a stranger can make it hold is bounded: the bytes of a request, the time it may take, connections, and streams. A stream's reader who
// does not read is cut off.
package api
