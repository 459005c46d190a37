package cron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is one of an expression's five. The library that reckons with them takes some that can't be, depending on the time at which it is asked,
// so they are checked and written anew before it sees them.
type field struct {
	name, example string
	low, high     int
	words         []string // other names of the numbers from low on
}

var fields = []field{
	{name: "minute", example: "0 to 59", high: 59},
	{name: "hour", example: "0 to 23", high: 23},
	{name: "day of the month", example: "1 to 31", low: 1, high: 31},
	{
		name: "month", example: "1 to 12 or JAN to DEC", low: 1, high: 12,
		words: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"},
	},
	{
		name: "day of the week", example: "0 to 7 or SUN to SAT", high: 7,
		words: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"},
	},
}

// canonical is a field in numbers, or * if one of a list is.
func (f field) canonical(text string) (string, error) {
	var items []string
	all := false
	for item := range strings.SplitSeq(strings.ToUpper(text), ",") {
		numbers, ok := f.item(item)
		if !ok {
			return "", fmt.Errorf("%q is no %s: write %s, or * for all, ranges as 1-5, steps as */10 or 1-5/2, and lists of them as 1,15", text, f.name, f.example)
		}
		items = append(items, numbers)
		all = all || numbers == "*"
	}
	if all {
		return "*", nil
	}
	return strings.Join(items, ","), nil
}

// item is one of a list: *, a number or a range, the first and the last with a step if there is one.
func (f field) item(text string) (string, bool) {
	span, step, stepped := strings.Cut(text, "/")
	if stepped {
		n, err := strconv.ParseUint(step, 10, 16)
		if err != nil || n == 0 {
			return "", false
		}
		step = "/" + strconv.FormatUint(n, 10)
	}
	if span == "*" {
		return "*" + step, true
	}
	first, last, ranged := strings.Cut(span, "-")
	from, ok := f.number(first)
	if !ranged {
		return strconv.Itoa(from), ok && !stepped
	}
	to, ok2 := f.number(last)
	if from > 0 && to == 0 && f.high == 7 { // Sunday at the end of a range
		to = 7
	}
	return fmt.Sprintf("%d-%d%s", from, to, step), ok && ok2 && from <= to
}

func (f field) number(text string) (int, bool) {
	if i := slices.Index(f.words, text); i >= 0 {
		return f.low + i, true
	}
	n, err := strconv.ParseUint(text, 10, 8)
	return int(n), err == nil && int(n) >= f.low && int(n) <= f.high
}
