// Package pgtest gives tests real PostgreSQL: a cluster for each test binary,
// a database for each test, and faults on the wire at a counted byte.
//
// A package that uses it hands its tests to Main:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// The first test that asks for Server, Second or TLSServer starts it; Main
// removes them all. Programs that the machine lacks are fetched from the
// distribution (see cluster.Ensure): no test is skipped for want of a server.
//
// Every helper that takes a testing.TB ends the test on an error, so it belongs
// into the test's own goroutine. Run is for all others.
package pgtest
