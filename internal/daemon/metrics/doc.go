// Package metrics says in Prometheus's words what a daemon does. It learns all of it from a work.Service, as any other reader does, so it can
// hold up nothing.
//
// Labels have few values: states, kinds, phases, stages, and the names of databases and stores that the configuration has; never a transfer's
// id, a table or an error. Of several daemons on one NATS server each sees all transfers and says the same: take the largest, not the sum.
package metrics
