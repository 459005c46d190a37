package transfer

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"
)

const (
	// above it a sort or a GIN build hardly gets faster
	maxBuilderMemory = 2 << 30
	minBuilderMemory = 1 << 20 // the server's own minimum of maintenance_work_mem
	// more workers for one build than this wait for each other more than they help
	maxParallelWorkers = 8
)

// fitJobs finds the number of jobs where the user does not say it, and lowers both kinds to the connections that are free. Of
// what is left then, half is for streams that may be added.
func (r *run) fitJobs() {
	most := r.chooseJobs()
	jobs, indexJobs := r.Jobs, r.IndexJobs
	src, dst := r.srcFacts.FreeConnections-readersBeside, r.dstFacts.FreeConnections-writersBeside
	if r.oneServer() { // what one side takes the other lacks: a job needs two
		free := min(r.srcFacts.FreeConnections, r.dstFacts.FreeConnections) - readersBeside - writersBeside
		r.IndexJobs = min(indexJobs, max(free-2*jobs, free/3))
		src, dst = (free-r.IndexJobs)/2, free-(free-r.IndexJobs)/2
	}
	r.Jobs = min(jobs, src, max(dst-indexJobs, (dst+1)/2))
	r.IndexJobs = min(indexJobs, dst-r.Jobs)
	if r.Jobs < jobs || r.IndexJobs < indexJobs {
		r.warn("connections", fmt.Sprintf("%d are free on the source and %d on the target: %d and %d jobs run instead of %d and %d (--jobs, --index-jobs)",
			r.srcFacts.FreeConnections, r.dstFacts.FreeConnections, r.Jobs, r.IndexJobs, jobs, indexJobs))
	}
	r.beginJobs = r.Jobs
	r.Jobs = max(r.Jobs, min(most, r.Jobs+min(src-r.Jobs, dst-r.Jobs-r.IndexJobs)/2))
	if r.TotalJobs == 0 {
		r.TotalJobs = r.Jobs + r.IndexJobs
		// of an archive nearly all work is the target's, and more backends than cores only lengthen the longest path
		if cores := r.dstFacts.Cores; cores > 0 && r.fromArchive() {
			r.TotalJobs = min(r.TotalJobs, max(cores, r.beginJobs, r.IndexJobs))
		}
	}
	r.result.Jobs, r.result.IndexJobs = r.beginJobs, r.IndexJobs
	set := r.writerSettings() // with --set, what the user says
	memory, workers := set["maintenance_work_mem"], set["max_parallel_maintenance_workers"]
	r.result.Builders = "maintenance_work_mem " + memory + ", " + workers + " parallel workers"
	r.Log.Info("builders", zap.String("maintenance_work_mem", memory), zap.String("max_parallel_maintenance_workers", workers))
}

// oneServer reports whether source and target share their connections. Where the role may not see which cluster it is
// in, the address must tell.
func (r *run) oneServer() bool {
	if id := r.srcFacts.SystemIdentifier; id != "" && r.dstFacts.SystemIdentifier != "" {
		return id == r.dstFacts.SystemIdentifier && r.srcFacts.InRecovery == r.dstFacts.InRecovery
	}
	return r.src != nil && r.src.Host() == r.dst.Host() && r.src.Port() == r.dst.Port()
}

// builderMemory is what one builder may take: its share of IndexMemory, or else of as much as the target's shared_buffers,
// which administrators make a quarter of the machine, and never less than what the server gives anybody.
func (r *run) builderMemory() int64 {
	if r.IndexMemory > 0 {
		return max(r.IndexMemory/int64(r.IndexJobs), minBuilderMemory)
	}
	return max(min(r.dstFacts.SharedBuffers/int64(r.IndexJobs), maxBuilderMemory), r.dstFacts.MaintenanceWorkMem)
}

// builderWorkers shares out the parallel workers that the target has: an index build takes them from the same pool as
// all the others. Where the cores are known, a builder and its workers take no more than their share of these: parts of one sort that
// wait for a core only take longer.
func (r *run) builderWorkers() int {
	workers := min(r.dstFacts.MaxParallelWorkers/r.IndexJobs, maxParallelWorkers)
	if cores := r.dstFacts.Cores; cores > 0 {
		workers = min(workers, max(cores/r.IndexJobs-1, 0))
	}
	return workers
}

// writerSettings are those of sessions on the target that are not the same for every transfer.
func (r *run) writerSettings() map[string]string {
	set := map[string]string{
		"maintenance_work_mem":             strconv.FormatInt(r.builderMemory()>>10, 10) + "kB",
		"max_parallel_maintenance_workers": strconv.Itoa(r.builderWorkers()),
	}
	if r.toc != nil && !r.toc.StdStrings() { // its SQL is written for that
		set["standard_conforming_strings"], set["escape_string_warning"] = "off", "off"
	}
	for name, value := range r.Set {
		set[strings.ToLower(name)] = value
	}
	return set
}

// essential are the settings that the meaning of a copy depends on.
var essential = []string{
	"array_nulls", "bytea_output", "check_function_bodies", "client_encoding", "client_min_messages", "datestyle", "default_table_access_method",
	"default_tablespace", "default_transaction_isolation", "default_transaction_read_only", "extra_float_digits", "intervalstyle", "role",
	"row_security", "search_path", "session_authorization", "session_replication_role", "standard_conforming_strings", "timezone", "transaction_read_only",
	"xmloption",
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$`)

// checkSettings refuses settings that would change what arrives.
func (o Options) checkSettings() error {
	for _, name := range slices.Sorted(maps.Keys(o.Set)) {
		switch {
		case !settingName.MatchString(name):
			return fmt.Errorf("--set: %q is not the name of a setting", name)
		case slices.Contains(essential, strings.ToLower(name)):
			return fmt.Errorf("--set: %s can't be changed: what arrives depends on it", name)
		}
	}
	return nil
}
