// Package demo shows a copy from end to end on throw-away servers: it starts two, fills one with a shop made by SQL,
// has it copied, compares both sides, and removes everything.
//
// The shop is the same in each run: customers, products, orders by month, payments, events and scanned documents,
// with indexes of all kinds, foreign keys, sequences, functions, triggers, views and a materialized view. At scale 1
// it is about 150 MB as COPY text.
//
// When [Run] returns, well or not, also after a cancelled context, no server of its runs and none of its folders
// exists. What stays are programs that [cluster.Ensure] had to get, and the cluster package's own cache.
//
// The check compares what a reader would see: the number and a digest of every table's rows, sequences, and the
// definitions of indexes, constraints, triggers, functions and views. It is made for this shop and for servers of
// one version; it is no general comparison of databases.
package demo
