package plan

import (
	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// Phase is where a task counts in the report.
type Phase uint8

// The phases of a transfer.
const (
	Schema Phase = iota
	Data
	Indexes
	Constraints
	Finish
)

// Kind is how a task is carried out.
type Kind uint8

const (
	// SQL runs Statements.
	SQL Kind = iota
	// Rows copies a table by CopyOut and CopyIn.
	Rows
	// LargeObjects copies the contents of OIDs, which exist on the target by then.
	LargeObjects
)

// Order is when a task runs relative to the others.
type Order uint8

const (
	// Before runs serially, in the order of the table of contents, before anything else: pre-data, and the indexes and
	// keys of partitioned tables, which hold nothing themselves.
	Before Order = iota
	// Parallel runs as soon as what it needs is done: data and post-data of pg_restore's MAIN pass.
	Parallel
	// After runs serially when all else is done: the ACL and POST_ACL passes, then what concerns the database itself.
	After
)

// Task is one piece of work: one TOC entry, or a part of one. There may be hundreds of thousands, so what is small stands together.
type Task struct {
	ID    int    // index in Plan.Tasks
	Key   string // the same in each plan that has this task, and in no plan twice; see Choices.Keyless
	Entry *archive.Entry
	Desc  string // what is made: the entry's description, or Analyze, Validate, AlterIndex
	Name  string // as shown to the user: public.orders
	Table string // name of the table it belongs to, "" if none
	Phase Phase
	Kind  Kind
	Order Order
	// Each says that the statements are independent settings: one that fails is reported and the others still run.
	Each bool
	// Bare says that the statements can't run in a transaction: VACUUM.
	Bare bool
	// AfterData makes it wait for every task of phase Data, well ended or not.
	AfterData bool
	// Unlogged says that a crash of the target empties the table.
	Unlogged bool
	// Binary is the format of CopyOut and CopyIn.
	Binary bool
	// Freeze empties the table and writes its rows as visible to all, so that no VACUUM need do that later.
	Freeze bool
	// Relation is the OID of the table on the source, with Kind Rows.
	Relation uint32
	analyzes uint32 // the table, of kind Analyze

	// Needs are IDs of tasks that must have ended well before, Follows of those that must have ended, well or not.
	// All IDs are less than the task's own.
	Needs, Follows []int
	// Locks are what its statements lock for longer than a moment or can't share, with partitions and, unless it only
	// builds an index, the root of a partition's tree. Two tasks whose locks conflict never run at the same time.
	Locks []Lock
	// Bytes is about how much it moves or reads, and Rows how many rows it moves; 0 unknown.
	Bytes, Rows int64
	// Cost is about how long it takes when it is alone: nanoseconds of a core of a server. Only proportions matter.
	Cost float64

	// Statements are run one after the other in one transaction. Owner follows them under a savepoint: the object
	// stays when its owner can't be set.
	Statements []string
	Owner      string
	// Orphans is, of a task that checks a foreign key, a query for the rows that violate it; "" otherwise.
	Orphans string

	// CopyOut and CopyIn are the statements without their options, which Out and In add.
	CopyOut, CopyIn string
	// AsText says why the format is not binary, "" where that needs no word.
	AsText string
	// Part is which of the Parts of a split table it is, from 1; both are 0 of a table that is copied in one. Where is the
	// condition that its rows fulfil.
	Part, Parts int
	Where       string
	Whole       string // why a large table is not split; else ""
	// OIDs are the large objects, with Kind LargeObjects.
	OIDs []uint32
}

// LeftOut is something of the source that the plan leaves out without being told to.
type LeftOut struct{ Object, Reason string }

// Plan is the whole work of a transfer.
type Plan struct {
	Tasks   []*Task
	LeftOut []LeftOut
	builder *builder // of an archive, for Learn
}

// Relations are the tables whose rows are copied.
func (p *Plan) Relations() []uint32 {
	var oids []uint32
	for _, t := range p.Tasks {
		if t.Kind == Rows {
			oids = append(oids, t.Relation)
		}
	}
	return oids
}

// Vacuum says which tables are vacuumed at the end.
type Vacuum int

const (
	// VacuumAuto leaves it to the target's autovacuum where that comes by itself.
	VacuumAuto Vacuum = iota
	// VacuumNone vacuums none.
	VacuumNone
	// VacuumAll vacuums all that get rows.
	VacuumAll
)

// Choices are what the user chose; see transfer.Options for the meaning of each.
type Choices struct {
	SchemaOnly, DataOnly                                      bool
	NoOwner, NoACL, NoComments, NoTablespaces, NoPublications bool
	NoDBSettings, Subscriptions                               bool
	Vacuum                                                    Vacuum
	NoAnalyze                                                 bool
	// Formats is what the format of each table is chosen by; nil copies them as text.
	Formats *Formats
	// Splits are the tables that are copied in parts, by their OIDs on the source.
	Splits         map[uint32]catalog.Split
	TargetDatabase string
	TargetVersion  int // server_version_num
	// Wanted are the dump ids of the entries that take part, as far as the other choices let them; nil is all.
	Wanted map[int]bool
	// Archived says that rows and large objects are an archive's: all of one entry come one after the other.
	Archived bool
	// Keyless leaves out the tasks' keys, which only a plan needs that is carried out.
	Keyless bool
}
