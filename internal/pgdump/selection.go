package pgdump

// Selection is what of a database a dump takes. Each field is the option of pg_dump with that name and means what it
// means there; the zero value takes everything. Patterns are those of psql's \d commands.
type Selection struct {
	Schemas, ExcludeSchemas []string
	Tables, ExcludeTables   []string
	ExcludeTableData        []string
	Extensions              []string
	Sections                []string // pre-data, data, post-data
	SchemaOnly, DataOnly    bool
	// LargeObjects takes them although Schemas, Tables or SchemaOnly leave them out; NoLargeObjects leaves them out.
	LargeObjects, NoLargeObjects bool
	QuoteAllIdentifiers          bool
	LoadViaPartitionRoot         bool
	StrictNames                  bool // a pattern that fits nothing is an error
	// NoOwner and NoTablespaces change a script only: archives keep what they are about, and leave the choice to the restore.
	NoOwner, NoTablespaces                                               bool
	NoACL, NoComments, NoPublications, NoSecurityLabels, NoSubscriptions bool
	NoUnloggedTableData                                                  bool
}

// Narrows reports whether some tables may be left out.
func (s Selection) Narrows() bool {
	return len(s.Schemas)+len(s.ExcludeSchemas)+len(s.Tables)+len(s.ExcludeTables)+len(s.ExcludeTableData)+len(s.Extensions)+len(s.Sections) > 0
}

// args words it for pg_dump. The short options are for those that were named otherwise before version 16.
func (s Selection) args() []string {
	var args []string
	for _, list := range []struct {
		option string
		values []string
	}{
		{"--schema", s.Schemas},
		{"--exclude-schema", s.ExcludeSchemas},
		{"--table", s.Tables},
		{"--exclude-table", s.ExcludeTables},
		{"--exclude-table-data", s.ExcludeTableData},
		{"--extension", s.Extensions},
		{"--section", s.Sections},
	} {
		for _, value := range list.values {
			args = append(args, list.option+"="+value)
		}
	}
	for _, flag := range []struct {
		option string
		on     bool
	}{
		{"--schema-only", s.SchemaOnly},
		{"--data-only", s.DataOnly},
		{"-b", s.LargeObjects},
		{"-B", s.NoLargeObjects},
		{"--quote-all-identifiers", s.QuoteAllIdentifiers},
		{"--load-via-partition-root", s.LoadViaPartitionRoot},
		{"--strict-names", s.StrictNames},
		{"--no-owner", s.NoOwner},
		{"--no-tablespaces", s.NoTablespaces},
		{"--no-acl", s.NoACL},
		{"--no-comments", s.NoComments},
		{"--no-publications", s.NoPublications},
		{"--no-security-labels", s.NoSecurityLabels},
		{"--no-subscriptions", s.NoSubscriptions},
		{"--no-unlogged-table-data", s.NoUnloggedTableData},
	} {
		if flag.on {
			args = append(args, flag.option)
		}
	}
	return args
}
