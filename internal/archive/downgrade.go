package archive

// Downgrade returns a TOC for an archive of version 1.minor, and says what it had to leave out.
func (t *TOC) Downgrade(minor byte) (*TOC, []string, error) { return nil, nil, errLater }
