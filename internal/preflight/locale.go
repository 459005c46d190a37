package preflight

import (
	"fmt"

	"pgsluice/internal/catalog"
)

// Locales judges how the two databases sort text. textRanges is how many tables of the source are partitioned by ranges of
// text in the database's own order.
func Locales(src, dst catalog.Locale, textRanges int) []Finding {
	findings := append(Staleness(Source, src), Staleness(Target, dst)...)
	if src.String() == dst.String() && src.Provider == dst.Provider {
		if src.Actual == dst.Actual || src.Actual == "" || dst.Actual == "" {
			return findings
		}
		f := Finding{
			Level: Note, Side: Target,
			What: fmt.Sprintf("the rules of %s are of version %s, the source's of %s: some text is sorted in another order; indexes are built anew, so they are right", dst, dst.Actual, src.Actual),
		}
		return append(findings, withRanges(f, textRanges))
	}
	f := Finding{
		Level: Warning, Side: Target, What: fmt.Sprintf("its locale is %s, the source's %s: text is sorted, and perhaps compared, in another order", dst, src),
		Do: "unless that is wanted, make the target with " + creation(src),
	}
	return append(findings, withRanges(f, textRanges))
}

// withRanges says what another order does to partitions.
func withRanges(f Finding, textRanges int) Finding {
	if textRanges > 0 {
		f.Level = Warning
		f.What += fmt.Sprintf("; %s partitioned by ranges of text may refuse rows at the bounds", count(textRanges, "table"))
	}
	return f
}

// creation is how CREATE DATABASE makes a database with a locale.
func creation(l catalog.Locale) string {
	switch l.Provider {
	case "icu":
		return fmt.Sprintf("LOCALE_PROVIDER icu ICU_LOCALE '%s' LOCALE '%s' TEMPLATE template0", l.Name, l.Collate)
	case "builtin":
		return fmt.Sprintf("LOCALE_PROVIDER builtin BUILTIN_LOCALE '%s' LOCALE '%s' TEMPLATE template0", l.Name, l.Collate)
	}
	if l.Collate == l.CType {
		return fmt.Sprintf("LOCALE '%s' TEMPLATE template0", l.Collate)
	}
	return fmt.Sprintf("LC_COLLATE '%s' LC_CTYPE '%s' TEMPLATE template0", l.Collate, l.CType)
}

// Staleness tells of a database whose text was sorted by other rules than those of now.
func Staleness(side string, l catalog.Locale) []Finding {
	if l.Recorded == "" || l.Actual == "" || l.Recorded == l.Actual {
		return nil
	}
	f := Finding{
		Level: Warning, Side: side,
		What: fmt.Sprintf("it was made with version %s of the rules of %s, and its server has %s", l.Recorded, l, l.Actual),
		Do:   "ALTER DATABASE … REFRESH COLLATION VERSION, once the indexes on text in it are rebuilt",
	}
	if side == Source {
		f.What += ": its unique indexes on text may have let duplicates in, on which the copy's fail"
	}
	return []Finding{f}
}

// Collations judges the collations of the source: lacking are those that the target does not have.
func Collations(c Choices, all, lacking []catalog.Collation) []Finding {
	var findings []Finding
	for _, l := range lacking {
		f := Finding{Level: c.object(), Side: Target}
		switch {
		case l.Schema == "pg_catalog":
			f.What = fmt.Sprintf("it does not have the collation %q, which objects of the source use", l.Name)
			f.Do = "install that locale on its server and SELECT pg_import_system_collations('pg_catalog')"
		case l.Provider == "i":
			f.What = fmt.Sprintf("it is built without ICU, which the collation %q needs", l.Schema+"."+l.Name)
			f.Do = "take a server with ICU"
		default:
			f.Level = Warning // a locale that came after initdb is not among its collations
			f.What = fmt.Sprintf("it may not have the locale %s of the collation %q", l.Locale, l.Schema+"."+l.Name)
			f.Do = "install it on its server, if locale -a does not list it"
		}
		findings = append(findings, f)
	}
	for _, l := range all {
		if l.Recorded != "" && l.Actual != "" && l.Recorded != l.Actual {
			findings = append(findings, Finding{
				Level: Warning, Side: Source,
				What: fmt.Sprintf("the collation %q was made with version %s of its rules, and its server has %s: unique indexes that use it may have let duplicates in", l.Schema+"."+l.Name, l.Recorded, l.Actual),
				Do:   "rebuild these indexes, then ALTER COLLATION … REFRESH VERSION",
			})
		}
	}
	return findings
}
