package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// The measures of the plot, in SVG's units: two columns of panels, in each a bar for every peer.
const (
	panelWidth  = 500
	labelWidth  = 150
	valueWidth  = 70
	barHeight   = 15
	barGap      = 7
	panelHeader = 44
)

// plot draws the wall times: a panel for each data set, a bar for each peer, and on it a line from min to max.
func plot(sets []set) []byte {
	var b strings.Builder
	rows := make([]int, (len(sets)+1)/2) // heights of the rows of panels
	for i, s := range sets {
		rows[i/2] = max(rows[i/2], panelHeader+len(s.peers)*(barHeight+barGap)+24)
	}
	height := 46
	for _, h := range rows {
		height += h
	}
	columns := min(2, len(sets))
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">`+"\n", 20+columns*panelWidth, height)
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	b.WriteString(`<text x="20" y="28" font-size="16" font-weight="bold" fill="#222">Wall time of whole copies, seconds</text>` + "\n")
	b.WriteString(`<text x="20" y="44" fill="#666">median; the thin line goes from the shortest run to the longest</text>` + "\n")
	top := 46
	for i, s := range sets {
		if i > 0 && i%2 == 0 {
			top += rows[i/2-1]
		}
		panel(&b, s, 20+i%2*panelWidth, top)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// panel draws one data set. Its bars have a scale of their own, from 0 to the longest run.
func panel(b *strings.Builder, s set, left, top int) {
	longest := 0.0
	for _, p := range s.peers {
		if len(p.costs) > 0 {
			longest = max(longest, p.of(wall).max())
		}
	}
	width := func(seconds float64) float64 {
		return ratio(seconds, longest) * (panelWidth - labelWidth - valueWidth - 20)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="14" font-weight="bold" fill="#222">%s</text>`+"\n", left, top+34, escape(s.name))
	for i, p := range s.peers {
		y := top + panelHeader + i*(barHeight+barGap)
		x := left + labelWidth
		middle := float64(y) + barHeight/2.0
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end" fill="#222">%s</text>`+"\n", x-8, y+12, escape(shortened(p.name)))
		if len(p.costs) == 0 {
			fmt.Fprintf(b, `<text x="%d" y="%d" fill="#b00020">failed</text>`+"\n", x+4, y+12)
			continue
		}
		colour := "#9aa5b1"
		if p.ours {
			colour = "#2563a8"
		}
		walls := p.of(wall)
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, y, width(walls.median()), barHeight, colour)
		low, high := float64(x)+width(walls.min()), float64(x)+width(walls.max())
		fmt.Fprintf(b, `<path d="M%.1f %.1fH%.1fM%.1[1]f %.1[4]fv6M%.1[3]f %.1[4]fv6" stroke="#222" fill="none"/>`+"\n", low, middle, high, middle-3)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="#222">%s</text>`+"\n", high+6, y+12, seconds(walls.median()))
	}
}

// shortened is a name that fits beside its bar.
func shortened(name string) string {
	const most = 20
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return name
}

func seconds(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// escape makes text safe in XML.
func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
