package preflight

import "fmt"

// Archive judges the target for an archive, of whose source Source holds what the archive says.
func (p Pair) Archive() []Finding {
	findings := p.target()
	if p.Source.Version/10000 > p.Target.Version/10000 {
		findings = append(findings, Finding{
			Level: Warning, Side: Target,
			What: fmt.Sprintf("its version, %s, is older than that of the archive's server, %s: some objects may not be understood", p.Target.VersionText, p.Source.VersionText),
			Do:   "what fails is named; --on-error continue goes on with the rest",
		})
	}
	if p.Source.Encoding == "" {
		return findings
	}
	return append(findings, p.encodings()...)
}
