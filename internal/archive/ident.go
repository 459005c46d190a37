package archive

import "strings"

// FormatIdent returns name as it must be written in SQL: in double quotes unless it is a plain lower-case name that is
// no keyword, or an unreserved one (fmtId in PostgreSQL's fe_utils/string_utils.c).
func FormatIdent(name string) string {
	if plainIdent(name) && !needsQuotes[name] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// QualifiedName returns schema.name as it must be written in SQL, or just the name if schema is empty
// (fmtQualifiedId in PostgreSQL's fe_utils/string_utils.c).
func QualifiedName(schema, name string) string {
	if schema == "" {
		return FormatIdent(name)
	}
	return FormatIdent(schema) + "." + FormatIdent(name)
}

func plainIdent(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z' || c == '_':
		case c >= '0' && c <= '9' && i > 0:
		default:
			return false
		}
	}
	return name != ""
}

// needsQuotes holds the keywords that are not in category UNRESERVED_KEYWORD in parser/kwlist.h of PostgreSQL 18. The
// lists of 12 to 17 are subsets, and a quoted name is right everywhere.
var needsQuotes = keywords(`
	all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
	char character check coalesce collate collation column concurrently constraint create cross current_catalog
	current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable
	desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group
	grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array
	json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value
	lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize
	not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision
	primary real references returning right row select session_user setof similar smallint some substring symmetric
	system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar
	variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces
	xmlparse xmlpi xmlroot xmlserialize xmltable`)

func keywords(list string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}
