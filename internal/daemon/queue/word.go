package queue

import (
	"fmt"
	"strings"
)

// word is a name as a part of a key: NATS takes letters, digits, - and _ there, so any other byte is =XX.
func word(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}
