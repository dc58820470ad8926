package tokens

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"strings"
)

// The text of a token is sy_<id>_<secret>. Nothing in its parts is a _, and a double click selects
// it all. Package redact knows the form.
const (
	begin      = "sy_"
	idLength   = 12
	idDigits   = "abcdefghijklmnopqrstuvwxyz234567"
	secretBase = 62
	// secretLength is the number of digits in which 32 random bytes fit.
	secretLength = 43
	hashLength   = 2 * sha256.Size
)

// newText returns the text of a new token, with its parts.
func newText() (text, id, secret string) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	digits := new(big.Int).SetBytes(random[:]).Text(secretBase)
	secret = strings.Repeat("0", secretLength-len(digits)) + digits
	id = strings.ToLower(rand.Text()[:idLength])
	return begin + id + "_" + secret, id, secret
}

// split returns the parts of a text, if it has the form of a token.
func split(text string) (id, secret string, ok bool) {
	if len(text) != len(begin)+idLength+1+secretLength || !strings.HasPrefix(text, begin) {
		return "", "", false
	}
	id, secret, ok = strings.Cut(text[len(begin):], "_")
	return id, secret, ok && isID(id) && strings.Trim(secret, alphanumeric) == ""
}

const alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// isID reports whether a text has the form of a token's ID.
func isID(id string) bool { return len(id) == idLength && strings.Trim(id, idDigits) == "" }

// hashOf returns what is stored of a secret. One round of SHA-256 is enough, and each request can
// afford it: a slow hash makes the guesses of passwords dear, and of 256 random bits nobody guesses
// any.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
