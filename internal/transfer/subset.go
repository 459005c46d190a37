package transfer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pgsluice/internal/archive"
)

// PreInstalled is an extension that is made before all else, if the target lacks it.
type PreInstalled struct{ Schema, Name string } // "" is schema public

// narrows reports whether objects are chosen by their names: what else the target holds is not the archive's affair then.
func (o RestoreOptions) narrows() bool {
	s := o.Selection
	return s.List != nil || len(s.Tables)+len(s.Schemas)+len(s.ExcludeSchemas)+len(s.Indexes)+len(s.Functions)+len(s.Triggers) > 0
}

// intoExisting reports whether the tables must be there already.
func (o RestoreOptions) intoExisting() bool {
	return o.DataOnly || len(o.Selection.Sections) > 0 && !slices.Contains(o.Selection.Sections, archive.PreData)
}

// onlyDataSection reports whether section data alone is selected. It is not quite DataOnly: large objects are made in section pre-data up to 1.15.
func (o RestoreOptions) onlyDataSection() bool {
	return len(o.Selection.Sections) == 1 && o.Selection.Sections[0] == archive.DataSection
}

// checkSubset refuses what contradicts itself.
func (o RestoreOptions) checkSubset() error {
	switch {
	case (o.Clean || o.Restart && !o.DataOnly) && (o.narrows() || o.intoExisting()):
		return refuse("--clean and --restart drop every user object of the target, also those that are left out here: drop what is in the way yourself, and pgsluice cleanup what a restore has left")
	case o.SchemaOnly && len(o.Selection.Sections) > 0, o.DataOnly && len(o.Selection.Sections) > 0 && !o.onlyDataSection():
		return refuse("--section says the same as --schema-only and --data-only, in parts: use either")
	case len(o.Extensions) > 0 && o.intoExisting():
		return refuse("--extensions makes objects: it goes with section pre-data")
	}
	return nil
}

// selectedBy are the options that select, as they would be typed.
func (o RestoreOptions) selectedBy() []string {
	var words []string
	for _, s := range o.Selection.Sections {
		words = append(words, "--section "+s.String())
	}
	for _, option := range []struct {
		name   string
		values []string
	}{
		{"--schema", o.Selection.Schemas},
		{"--exclude-schema", o.Selection.ExcludeSchemas},
		{"--table", o.Selection.Tables},
	} {
		for _, value := range option.values {
			words = append(words, option.name+" "+value)
		}
	}
	if o.Selection.List != nil {
		words = append(words, fmt.Sprintf("--use-list (%d entries)", len(o.Selection.List)))
	}
	for _, x := range o.Extensions {
		words = append(words, "--extensions "+strings.TrimPrefix(x.Schema+"."+x.Name, "."))
	}
	return words
}

// choose applies the selection. chosen has the selected entries first, in their order, and wanted their dump ids; nil: all.
func (o RestoreOptions) choose(toc *archive.TOC) (chosen *archive.TOC, wanted map[int]bool, err error) {
	sel := o.Selection
	sel.Database = !o.narrows() // what concerns the database goes with all of it
	if len(sel.Sections) > 0 && !slices.Contains(sel.Sections, archive.PostData) {
		sel.Database = false
	}
	selected, err := sel.Select(toc)
	if err != nil {
		return nil, nil, fmt.Errorf("--use-list: %w", err)
	}
	some := false
	wanted = make(map[int]bool, len(toc.Entries))
	for i := range toc.Entries {
		e := &toc.Entries[i]
		wanted[e.DumpID] = selected.Wants(e) || e.HadDumper && selected.WantsData(e)
		some = some || wanted[e.DumpID]
	}
	if !some {
		return nil, nil, errors.New("the archive has nothing of what is selected")
	}
	chosen = toc
	if sel.List != nil {
		chosen = inOrder(toc, selected.Entries())
	}
	return preInstall(chosen, wanted, o.Extensions), wanted, nil
}

// inOrder gives a table of contents whose first entries are those given.
func inOrder(toc *archive.TOC, first []*archive.Entry) *archive.TOC {
	ordered := &archive.TOC{Header: toc.Header, Entries: make([]archive.Entry, 0, len(toc.Entries))}
	taken := make(map[int]bool, len(first))
	for _, e := range first {
		taken[e.DumpID] = true
		ordered.Entries = append(ordered.Entries, *e)
	}
	for i := range toc.Entries {
		if !taken[toc.Entries[i].DumpID] {
			ordered.Entries = append(ordered.Entries, toc.Entries[i])
		}
	}
	return ordered
}

// preInstall puts entries that make the extensions before all others, in place of the archive's own, and leaves the comments on
// these out: on managed services only the provider may say them.
func preInstall(toc *archive.TOC, wanted map[int]bool, extensions []PreInstalled) *archive.TOC {
	if len(extensions) == 0 {
		return toc
	}
	last := 0
	for i := range toc.Entries {
		e := &toc.Entries[i]
		last = max(last, e.DumpID)
		name, isComment := strings.CutPrefix(e.Tag, "EXTENSION ")
		if e.Desc == "EXTENSION" || e.Desc == "COMMENT" && isComment {
			if e.Desc == "EXTENSION" {
				name = e.Tag
			}
			if slices.ContainsFunc(extensions, func(x PreInstalled) bool { return x.Name == name || archive.FormatIdent(x.Name) == name }) {
				wanted[e.DumpID] = false
			}
		}
	}
	with := &archive.TOC{Header: toc.Header}
	for i, x := range extensions {
		sql, schema := "", archive.FormatIdent("public")
		if x.Schema != "" {
			schema = archive.FormatIdent(x.Schema)
			sql = "CREATE SCHEMA IF NOT EXISTS " + schema + ";\n"
		}
		id := last + 1 + i
		wanted[id] = true
		with.Entries = append(with.Entries, archive.Entry{
			DumpID: id, Tag: x.Name, Desc: "EXTENSION", Section: archive.PreData,
			Defn: sql + "CREATE EXTENSION IF NOT EXISTS " + archive.FormatIdent(x.Name) + " WITH SCHEMA " + schema + ";\n",
		})
	}
	with.Entries = append(with.Entries, toc.Entries...)
	return with
}
