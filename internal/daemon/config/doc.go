// Package config is the daemon's configuration: one strict YAML file with the databases, stores, webhooks and limits that the daemon knows, by
// name. Connection strings and secrets come from environment variables or files of their own, never from this one, and are kept in a type that
// does not print.
//
// The file is read as a whole or not at all: an unknown or repeated key, a value that can't be, or a secret that anybody on the machine may read
// is an error that names file, line and column. File reloads it and keeps the old one if the new one is wrong.
package config
