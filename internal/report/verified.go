package report

import "strings"

// Verified is what a comparison of both databases, after a copy, has found.
type Verified struct {
	Compared    string // in words: how much of what
	Differences []Remark
	Unverified  []Remark // what could not be compared
	Notes       []Remark // what was left out on purpose, or differs without being a difference
}

// Remark says something of an object.
type Remark struct {
	Object, Text string
	Rows         []string // in which two tables differ, the first of them
}

// verified lists what was found.
func (p *page) verified(r Report) {
	v := r.Verified
	if v == nil {
		return
	}
	title, rest := "Verified", ": both sides are equal"
	switch {
	case len(v.Differences) > 0:
		rest = ": " + plural(len(v.Differences), "difference", "differences")
	case len(v.Unverified) > 0:
		rest = ": " + plural(len(v.Unverified), "object", "objects") + " could not be compared"
	}
	p.heading(title, rest)
	p.paragraph(printable(v.Compared) + ".")
	for _, list := range [][]Remark{v.Differences, v.Unverified, v.Notes} {
		for _, m := range list {
			p.paragraph(printable(m.Object) + ": " + printable(m.Text))
			for _, row := range m.Rows {
				p.paragraph("  " + printable(row))
			}
		}
	}
}

func remarkItem(m Remark) htmlItem {
	return htmlItem{Object: printable(m.Object), Text: printableLines(strings.Join(append([]string{m.Text}, m.Rows...), "\n"))}
}

type jsonVerified struct {
	Compared    string       `json:"compared"`
	Equal       bool         `json:"equal"`
	Differences []jsonRemark `json:"differences"`
	Unverified  []jsonRemark `json:"unverified"`
	Notes       []jsonRemark `json:"notes"`
}

type jsonRemark struct {
	Object string   `json:"object"`
	Text   string   `json:"text"`
	Rows   []string `json:"rows"`
}

func verifiedJSON(v *Verified) *jsonVerified {
	if v == nil {
		return nil
	}
	remark := func(m Remark) jsonRemark { return jsonRemark{Object: m.Object, Text: m.Text, Rows: orEmpty(m.Rows)} }
	return &jsonVerified{
		Compared: v.Compared, Equal: len(v.Differences)+len(v.Unverified) == 0,
		Differences: convert(v.Differences, remark), Unverified: convert(v.Unverified, remark), Notes: convert(v.Notes, remark),
	}
}
