package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// maxKey is the length of the longest secret that is looked for in every spelling. Longer ones
// are files, which nobody encodes.
const maxKey = 1 << 10

// spellings returns how a secret may be written: as it is, percent-encoded, as a string of Go
// or JSON, in base64, alone and in what holds more (such as a user name, for HTTP), in
// hexadecimal digits, and one in the other, as in a log's JSON of an error's quotes.
func spellings(secret string) []string {
	all, rounds := []string{secret}, 1
	if len(secret) <= maxKey {
		all, rounds = append(append(all, hex.EncodeToString([]byte(secret))), base64Cores(secret)...), 2
	}
	for range rounds {
		for _, spelling := range all {
			all = append(all, written(spelling)...)
		}
	}
	seen := make(map[string]bool)
	var distinct []string
	for _, spelling := range all {
		if len(spelling) >= MinLength && !seen[spelling] {
			seen[spelling] = true
			distinct = append(distinct, spelling)
		}
	}
	return distinct
}

// written returns the ways to write a text into another one that change it.
func written(text string) []string {
	quoted := strconv.Quote(text)
	ways := []string{url.QueryEscape(text), url.PathEscape(text), url.UserPassword("", text).String()[1:], quoted[1 : len(quoted)-1]}
	for _, html := range []bool{true, false} {
		var out strings.Builder
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(html)
		if e.Encode(text) == nil {
			ways = append(ways, strings.TrimSuffix(out.String(), "\"\n")[1:])
		}
	}
	var changed []string
	for _, way := range ways {
		if way != text {
			changed = append(changed, way)
			if small := percent.ReplaceAllStringFunc(way, strings.ToLower); small != way {
				changed = append(changed, small)
			}
		}
	}
	return changed
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// base64Cores returns what base64 has of a secret wherever in the encoded text it stands: a
// digit holds six bits, so that its place in a group of three bytes changes it, and the digits
// at its ends are of its neighbours, too.
func base64Cores(secret string) []string {
	var cores []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			digits := encoding.EncodeToString([]byte(strings.Repeat("x", before) + secret))
			begin, end := (before*8+5)/6, (before+len(secret))*8/6
			if core := digits[begin:end]; len(core) >= part {
				cores = append(cores, core)
			}
		}
	}
	return cores
}
