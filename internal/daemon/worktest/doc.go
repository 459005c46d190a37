// Package worktest is for tests: a work.Service that holds its transfers in memory and moves nothing. A test says what happens to them. It is for
// rooms that speak to a service, such as the API and its client, and lets them see in a moment what a daemon takes hours for.
package worktest
