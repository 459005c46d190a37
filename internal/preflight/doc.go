// Package preflight judges, before a transfer changes anything, whether it will go well: it turns what package catalog
// reads of both databases, and the plan, into findings. An error is something without which the transfer can't be done, or
// would do harm; a warning is what its user wants to know first; a note is what he may want to know.
//
// Each check is a function from facts to findings, without I/O, so that the same ones serve `pgsluice copy`, which refuses
// with all errors at once, and `pgsluice plan`, which prints them all. Every finding says what is the case, and what to do
// about it. The package asks no database and changes none.
package preflight
