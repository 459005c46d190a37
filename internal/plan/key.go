package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// addKeys gives each task its key: what it does, and nothing that may change between two runs that do the same, as estimates do,
// its place, and the value of a sequence.
func (b *builder) addKeys() {
	times := make(map[string]int, len(b.plan.Tasks))
	var text []byte
	write := func(words ...string) {
		for _, word := range words {
			text = strconv.AppendInt(text, int64(len(word)), 10)
			text = append(append(text, ':'), word...)
		}
	}
	for _, t := range b.plan.Tasks {
		text = text[:0]
		write(t.Desc, t.Name, t.Table, t.CopyOut, t.CopyIn, t.Owner)
		if !t.Always() {
			write(t.Statements...)
		}
		text = fmt.Append(text, t.Kind, t.OIDs)
		hash := sha256.Sum256(text)
		key := hex.EncodeToString(hash[:16])
		if times[key]++; times[key] > 1 {
			key += fmt.Sprint("-", times[key])
		}
		t.Key = key
	}
}

// Always reports whether a task is done again by each run, whatever an earlier one has recorded: it sets what may have moved
// on, or what a crash resets, and costs nothing.
func (t *Task) Always() bool { return t.Desc == "SEQUENCE SET" || t.Each }

// Digest stands for all that a plan does, in any order.
func (p *Plan) Digest() string {
	keys := make([]string, len(p.Tasks))
	for i, t := range p.Tasks {
		keys[i] = t.Key
	}
	slices.Sort(keys)
	hash := sha256.New()
	_, _ = io.WriteString(hash, strings.Join(keys, "\n")) // a hash takes everything
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
