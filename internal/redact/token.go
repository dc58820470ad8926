package redact

import (
	"regexp"
	"strings"
)

// tokenBegin is what the tokens of the HTTP API begin with.
const tokenBegin = "sy_"

// token is such a token: its ID, which is no secret, and its secret, or the beginning of one, for
// what is said is often cut. Tokens are known by their form and not by their values: a process
// meets those of others, and keeps none. Whatever stands before one is left aside, because an
// encoding may end there in a letter, as %3D does.
var token = regexp.MustCompile(`(` + tokenBegin + `[a-z2-7]{12}_)[0-9A-Za-z]{6,}`)

// withoutTokens returns a text with the secrets of tokens hidden. The IDs stay, so that an operator
// can revoke what was said where it does not belong.
func withoutTokens(text string) string {
	if !strings.Contains(text, tokenBegin) {
		return text
	}
	return token.ReplaceAllString(text, "${1}"+Hidden)
}
