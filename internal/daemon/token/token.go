package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Role says what a token may do.
type Role string

// The roles. Who may operate may read, too.
const (
	Read    Role = "read"    // look at everything
	Operate Role = "operate" // and change it
)

// Token is who asks. The secret is not in it.
type Token struct {
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Created time.Time `json:"created"`
}

// MayOperate reports whether t may change something.
func (t Token) MayOperate() bool { return t.Role == Operate }

// entry is a token as it lies in the file.
type entry struct {
	Token
	Hash string `json:"sha256"` // of the secret, in hex
}

// prefix lets people, and programs that look for leaked secrets, see what a secret is.
const prefix = "pgs_"

// bits of a secret: enough that none is ever guessed.
const bits = 256

// names are short, since they stand in tables and logs.
var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}$`)

// newSecret makes a secret.
func newSecret() string {
	b := make([]byte, bits/8)
	rand.Read(b) // never fails: it ends the process if the system has no randomness
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// find is the entry that has secret. Which one it is, or how much of it is right, takes the same time.
func find(entries []entry, secret string) (Token, bool) {
	if !strings.HasPrefix(secret, prefix) {
		return Token{}, false
	}
	sum := hash(secret)
	found := -1
	for i, e := range entries {
		stored, err := hex.DecodeString(e.Hash)
		if err == nil && subtle.ConstantTimeCompare(stored, sum) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Token{}, false
	}
	return entries[found].Token, true
}

// check refuses what can't be a token's name or role.
func check(name string, role Role) error {
	if !names.MatchString(name) {
		return fmt.Errorf("token %q: a name is 1 to 63 letters, digits, dots, dashes, underscores or @, and begins with a letter or digit", name)
	}
	if role != Read && role != Operate {
		return fmt.Errorf("role %q: must be %s or %s", role, Read, Operate)
	}
	return nil
}
