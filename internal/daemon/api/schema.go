package api

import (
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"pgsluice/internal/daemon/token"
	"pgsluice/internal/daemon/work"
)

// field is what the document says of a property of a type, beyond what its Go type says.
type field struct {
	doc     string
	example any
	enum    []any
	pattern string // with what it means, for errors
	means   string
	min     float64 // numbers have no less, and lists no more than most; 0 is no bound
	bounded bool    // min counts
	most    int
}

// The names of databases, stores and schedules, as the configuration takes them.
const (
	namePattern = "^[a-z0-9][a-z0-9_-]{0,62}$"
	nameMeans   = "1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit"
)

var (
	kinds  = []any{"copy", "dump", "restore", "verify"}
	states = []any{"pending", "running", "paused", "completed", "failed", "canceled"}
	wants  = []any{"run", "pause", "cancel"}
)

// described are the types of the API with their properties. What their Go comments say for us stands here for others.
var described = []struct {
	of       reflect.Type
	required []string // of a request
	fields   map[string]field
}{
	{reflect.TypeFor[work.Spec](), []string{"kind", "target"}, map[string]field{
		"kind":    {doc: "What it does: copy is database to database, dump is database to store, restore is a dump in a store to database, verify says whether two databases are equal.", example: "copy", enum: kinds},
		"source":  {doc: "A database's name. A restore has none.", example: "prod", pattern: namePattern, means: nameMeans},
		"target":  {doc: "A database's name; of a dump, a store's.", example: "staging", pattern: namePattern, means: nameMeans},
		"dump":    {doc: "Of a restore: the id of the transfer that made the dump.", example: "b002", pattern: "^[ab][0-9]{3,19}$", means: "the id of a dump such as b002"},
		"confirm": {doc: "The target's name, where what it holds is to be removed.", example: "staging", pattern: namePattern, means: nameMeans},
		"options": {doc: "How it is done; all may be left out."},
	}},
	{reflect.TypeFor[work.Options](), nil, map[string]field{
		"jobs":        {doc: "Copy streams; 0 finds out what helps. The configuration may allow fewer.", example: 4, bounded: true},
		"index_jobs":  {doc: "Indexes and constraints at a time; 0 is as jobs.", example: 2, bounded: true},
		"rate_limit":  {doc: "Ceiling of all streams together, bytes per second; 0 is none. The configuration may have a lower one.", example: 50_000_000, bounded: true},
		"clean":       {doc: "Remove what the target holds first; only with confirm.", example: true},
		"schema_only": {doc: "No rows, large objects or sequence values."},
		"data_only":   {doc: "Only those: the tables must exist, empty."},
		"no_owner":    {doc: "Everything belongs to the target's user."},
		"no_acl":      {doc: "No GRANT, no REVOKE."},
		"no_comments": {doc: "No comments."},
		"tables":      {doc: "Of a dump or a restore: only these tables.", example: []any{"public.orders"}, most: 1000},
		"schemas":     {doc: "Of a dump or a restore: only these schemas.", example: []any{"public"}, most: 1000},
		"compress":    {doc: "Of a dump: none, gzip, lz4 or zstd, with :LEVEL.", example: "zstd:3", pattern: "^(none|gzip|lz4|zstd)(:[0-9]{1,2})?$", means: "none, gzip, lz4 or zstd, with :LEVEL"},
		"verify":      {doc: "Compare both sides behind a copy, every row."},
		"continue":    {doc: "Leave out what fails and go on."},
	}},
	{reflect.TypeFor[work.Change](), []string{}, map[string]field{
		"want":       {doc: "run, pause or cancel. pause keeps sessions and snapshot; run resumes.", example: "pause", enum: wants},
		"rate_limit": {doc: "Ceiling of all streams together, bytes per second; 0 is none.", example: 20_000_000, bounded: true},
		"jobs":       {doc: "Copy streams; 0 finds out what helps.", example: 2, bounded: true},
	}},
	{reflect.TypeFor[work.Transfer](), nil, map[string]field{
		"id":       {doc: "c001 is a copy, b001 a dump, r001 a restore, v001 a verification, a001 one that a schedule made; the numbers rise over all.", example: "c001"},
		"number":   {doc: "Rises over all transfers.", example: 1},
		"spec":     {doc: "What was asked for."},
		"schedule": {doc: "The schedule that made it.", example: "nightly"},
		"created":  {doc: "When it was asked for."},
		"by":       {doc: "The name of the token that asked.", example: "first"},
		"state":    {doc: "How far it is. The last three are final.", example: "running", enum: states},
		"want":     {doc: "What was asked of it last.", example: "run", enum: wants},
		"waits":    {doc: "What a pending or paused one waits for, in words.", example: "waits for the window of prod"},
		"started":  {doc: "When it was begun first."},
		"ended":    {doc: "When it got its final state."},
		"attempts": {doc: "How often a daemon has begun it or taken it up.", example: 1},
		"arrived":  {doc: "All is on the target: what is left is to tidy up there, and perhaps to compare."},
		"daemon":   {doc: "The daemon that has it in work."},
		"error":    {doc: "Why it failed, or what stopped the last attempt."},
		"warnings": {doc: "Warnings, and objects that were left out under continue.", example: 0},
		"totals":   {doc: "What it has moved."},
		"file":     {doc: "The file of a dump in its store.", example: "b002.dump"},
		"expired":  {doc: "Retention has removed that file."},
		"equal":    {doc: "What a verification found; missing if there was none.", example: true},
	}},
	{reflect.TypeFor[work.Totals](), nil, map[string]field{
		"bytes":   {doc: "Of rows, as they travel.", example: 48_300_000_000},
		"written": {doc: "Of a dump: the size of its file, in bytes."},
		"rows":    {doc: "Rows.", example: 120_000_000},
		"tables":  {doc: "Tables.", example: 212},
		"seconds": {doc: "How long it has worked.", example: 611.4},
	}},
	{reflect.TypeFor[work.Preview](), nil, map[string]field{
		"findings": {doc: "What was found, the worst first."},
		"refused":  {doc: "It would not begin.", example: false},
		"tables":   {doc: "Tables.", example: 212},
		"bytes":    {doc: "Of rows, about.", example: 48_300_000_000},
		"rows":     {doc: "Rows, about.", example: 120_000_000},
		"indexes":  {doc: "Indexes.", example: 340},
		"keys":     {doc: "Constraints.", example: 95},
		"seconds":  {doc: "About how long it takes; 0 if that is not known.", example: 600},
		"removes":  {doc: "It removes what the target holds, and must be confirmed.", example: false},
	}},
	{reflect.TypeFor[work.Finding](), nil, map[string]field{
		"severity": {doc: "error, warning or note.", example: "warning", enum: []any{"error", "warning", "note"}},
		"text":     {doc: "What is so.", example: "the target lacks the role app"},
		"advice":   {doc: "What to do about it.", example: "create it, or leave owners out"},
	}},
	{reflect.TypeFor[work.Database](), nil, map[string]field{
		"name":         {doc: "Its name.", example: "prod"},
		"never_target": {doc: "It is only read.", example: true},
		"max_streams":  {doc: "Copy streams at most; 0 is no bound.", example: 8},
		"rate_limit":   {doc: "Bytes per second at most; 0 is no bound.", example: 200_000_000},
		"window":       {doc: "When transfers may run.", example: "22:00-05:00 Europe/Berlin"},
		"window_open":  {doc: "They may now.", example: true},
		"bytes":        {doc: "Its size, when it was last looked at.", example: 48_300_000_000},
		"version":      {doc: "Its server's version.", example: "17.11"},
		"looked":       {doc: "When it was last looked at."},
		"error":        {doc: "Why it could not be looked at."},
		"last_id":      {doc: "The last transfer from or to it that completed.", example: "c001"},
		"last_ended":   {doc: "When that one ended."},
	}},
	{reflect.TypeFor[work.Store](), nil, map[string]field{
		"name":  {doc: "Its name.", example: "nightly"},
		"bytes": {doc: "Of all dumps.", example: 93_000_000_000},
		"files": {doc: "Dumps.", example: 41},
		"free":  {doc: "Bytes that are free; -1 if that is not known.", example: 512_000_000_000},
	}},
	{reflect.TypeFor[work.Schedule](), nil, scheduled(map[string]field{
		"name":    {doc: "Its name.", example: "nightly"},
		"created": {doc: "When it was made."},
		"by":      {doc: "The name of the token that made or replaced it.", example: "first"},
		"next":    {doc: "The next tick; missing if there is none."},
		"last":    {doc: "The last tick that made a transfer."},
		"last_id": {doc: "That transfer.", example: "a003"},
	})},
	{reflect.TypeFor[Timetable](), []string{"spec", "cron"}, scheduled(nil)},
	{reflect.TypeFor[work.Retention](), []string{}, map[string]field{
		"last":    {doc: "The newest so many.", example: 7, bounded: true},
		"days":    {doc: "Those of the last so many days.", example: 14, bounded: true},
		"weekly":  {doc: "The newest of each of the last so many weeks that have one.", example: 8, bounded: true},
		"monthly": {doc: "The newest of each of the last so many months that have one.", example: 12, bounded: true},
	}},
	{reflect.TypeFor[work.Event](), nil, map[string]field{
		"number": {doc: "Rises within a transfer, by one or more; what Last-Event-ID names.", example: 42},
		"at":     {doc: "When it happened."},
		"name":   {doc: "state for a change of the transfer, sample for how much had moved at a moment, else the name of an event of pgsluice help progress.", example: "state"},
		"data":   {doc: "Of state, the transfer; of sample, at_seconds, bytes and stages as in a progress event; else that event."},
	}},
	{reflect.TypeFor[work.Live](), nil, map[string]field{
		"transfer": {doc: "The transfer."},
		"progress": {doc: "The latest progress event, or the end event, of pgsluice help progress; null before there is one."},
	}},
	{reflect.TypeFor[token.Token](), nil, map[string]field{
		"name":    {doc: "Its name.", example: "first"},
		"role":    {doc: "read or operate.", example: "operate", enum: []any{"read", "operate"}},
		"created": {doc: "When it was made."},
	}},
	{reflect.TypeFor[Health](), nil, map[string]field{"status": {doc: "ok.", example: "ok"}}},
}

// scheduled adds to fields what a schedule has in requests and answers.
func scheduled(fields map[string]field) map[string]field {
	all := map[string]field{
		"spec":      {doc: "The transfer that each tick makes."},
		"cron":      {doc: "Minute, hour, day of the month, month, day of the week.", example: "30 2 * * *"},
		"time_zone": {doc: "An IANA name; without one, UTC. A time that a clock skips or shows twice ticks once.", example: "Europe/Berlin"},
		"retention": {doc: "Which of its dumps are kept: what any rule keeps stays; without rules, all."},
		"suspended": {doc: "It does not tick.", example: false},
	}
	for name, f := range fields {
		all[name] = f
	}
	return all
}

// describe puts descriptions, examples and bounds into the schemas of all types. A property without a description is a defect of this file, and
// panics; so does a description without a property.
func describe(schemas huma.Registry) {
	for _, d := range described {
		schemas.Schema(d.of, true, "")
	}
	for _, d := range described {
		s := schemas.Map()[huma.DefaultSchemaNamer(d.of, "")]
		for name := range s.Properties {
			if _, ok := d.fields[name]; !ok {
				panic(fmt.Sprintf("api: %s.%s has no description", d.of, name))
			}
		}
		for name, f := range d.fields {
			p, ok := s.Properties[name]
			if !ok {
				panic(fmt.Sprintf("api: %s has no %s", d.of, name))
			}
			f.into(p)
		}
		if d.required != nil {
			s.Required = d.required
		}
		s.PrecomputeMessages()
	}
}

func (f field) into(p *huma.Schema) {
	p.Description = f.doc
	p.Enum = f.enum
	if f.example != nil {
		p.Examples = []any{f.example}
	}
	if f.pattern != "" {
		p.Pattern, p.PatternDescription = f.pattern, f.means
	}
	if f.bounded {
		p.Minimum = &f.min
	}
	if f.most > 0 {
		p.MaxItems = &f.most
	}
}
