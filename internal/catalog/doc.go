// Package catalog says what is in a live database: who we are there, what the server is, which relations
// there are and how big, what an extension configures, which user objects stand in the way.
//
// It opens the sessions that a transfer uses, with every setting that the meaning of COPY text depends on, and
// reads system catalogs. It never writes: what changes a database lives in package transfer. Functions that
// take a connection may run on any idle one; none may be used from two goroutines at once.
package catalog
