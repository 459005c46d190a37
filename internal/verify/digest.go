package verify

import (
	"fmt"
	"math/big"
	"strings"

	"pgsluice/internal/archive"
)

// Digest stands for a multiset of rows. Two are equal if all their fields are.
type Digest struct {
	Rows int64
	// First and Second are the sums of the rows' two hashes, in decimal digits.
	First, Second string
}

// add is the digest of both multisets together.
func (d Digest) add(other Digest) Digest {
	return Digest{Rows: d.Rows + other.Rows, First: sum(d.First, other.First), Second: sum(d.Second, other.Second)}
}

func sum(a, b string) string {
	var x, y big.Int
	x.SetString(a, 10) // "" is 0
	y.SetString(b, 10)
	return x.Add(&x, &y).String()
}

// seeds of the two hashes of a row, and of the bucket that a key is in. Any that differ will do.
var seeds = [3]int64{0x70677365, 0x6c756963, 0x65763031}

// hash is the SQL of one of the hashes of a text. Collation C hashes the bytes as they are.
func hash(text string, seed int) string {
	return fmt.Sprintf(`pg_catalog.hashtextextended((%s) COLLATE pg_catalog."C", %d)`, text, seeds[seed])
}

// longText is how many bytes of text make a value go in as its SHA-256: a tenth of what a row's text may have.
const longText = 100_000_000

// rowText is the SQL of the text of a row, or of some of its columns, in the order of columns.
func (s *Side) rowText(columns []Column) string {
	words := make([]string, len(columns))
	for i, c := range columns {
		words[i] = "t." + archive.FormatIdent(c.Name)
		switch {
		case c.Bytea:
			words[i] = "pg_catalog.sha256(" + words[i] + ")" // shorter by far, and a value of 600 MB has no text
		case c.Text && !s.options.Encoding.Convert:
			// quotes are doubled in a row's text, which ends at 1 GB. The length is known without the value; in another encoding
			// it is another
			words[i] = fmt.Sprintf("CASE WHEN pg_catalog.octet_length(%[1]s) < %[2]d THEN %[1]s ELSE pg_catalog.sha256(pg_catalog.convert_to(%[1]s, pg_catalog.getdatabaseencoding()))::text END",
				words[i], longText)
		}
	}
	return s.converted("ROW(" + strings.Join(words, ", ") + ")::text")
}

// converted is the SQL of text as it is hashed: the same on both sides also where their encodings differ. There is no hash of bytea
// that versions before 18 have, so converted bytes go in as hexadecimal digits.
func (s *Side) converted(text string) string {
	if !s.options.Encoding.Convert {
		return text
	}
	return "pg_catalog.encode(pg_catalog.convert_to(" + text + ", 'UTF8'), 'hex')"
}
