package script

import "pgsluice/internal/archive"

// session is what the script's statements have set so far. nil is not set.
type session struct {
	tablespace, accessMethod, schema *string
}

// preamble writes what comes before the first entry (RestoreArchive, _doSetFixedOutputState).
func (w *Writer) preamble() {
	h := &w.toc.Header
	w.print("--\n-- PostgreSQL database dump\n--\n\n\\restrict ", w.opt.Token, "\n\n")
	w.print("-- Dumped from database version ", archive.OneLine(h.ServerVersion), "\n")
	w.print("-- Dumped by pg_dump version ", archive.OneLine(h.DumpVersion), "\n\n")
	w.print("SET statement_timeout = 0;\nSET lock_timeout = 0;\nSET idle_in_transaction_session_timeout = 0;\n")
	w.print(noTransactionTimeout)
	if encoding := w.toc.Encoding(); encoding != "" {
		w.print("SET client_encoding = '", encoding, "';\n")
	}
	w.print("SET standard_conforming_strings = ", onOff(w.toc.StdStrings()), ";\n")
	w.print(w.toc.SearchPath())
	w.print("SET check_function_bodies = false;\nSET xmloption = content;\nSET client_min_messages = warning;\n")
	if !w.toc.StdStrings() {
		w.print("SET escape_string_warning = off;\n")
	}
	w.print("SET row_security = off;\n\n")
}

// noTransactionTimeout switches off a timeout that servers have from 17 on. pg_dump and pg_restore write a SET, which is an
// error on a server that does not know the name.
const noTransactionTimeout = "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout';\n"

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// selectSchema sets search_path for an entry of an archive that was written for it, those before 1.13
// (_selectOutputSchema).
func (w *Writer) selectSchema(schema string) {
	if w.toc.SearchPath() != "" || schema == "" || !changes(&w.session.schema, schema) {
		return
	}
	w.print("SET search_path = ", archive.FormatIdent(schema))
	if schema != "pg_catalog" {
		w.print(", pg_catalog")
	}
	w.print(";\n\n")
}

// selectStorage sets where the relation of an entry is stored and how (_selectTablespace, _selectTableAccessMethod).
func (w *Writer) selectStorage(e *archive.Entry) {
	if !w.opt.NoTablespaces && !e.Nulls.Has(archive.FieldTablespace) && changes(&w.session.tablespace, e.Tablespace) {
		space := "''"
		if e.Tablespace != "" {
			space = archive.FormatIdent(e.Tablespace)
		}
		w.print("SET default_tablespace = ", space, ";\n\n")
	}
	if e.RelKind != archive.PartitionedTable && !e.Nulls.Has(archive.FieldTableAM) && changes(&w.session.accessMethod, e.TableAM) {
		w.print("SET default_table_access_method = ", archive.FormatIdent(e.TableAM), ";\n\n")
	}
}

// changes notes a value, and reports whether it was another one before.
func changes(have **string, want string) bool {
	if *have != nil && **have == want {
		return false
	}
	*have = &want
	return true
}
