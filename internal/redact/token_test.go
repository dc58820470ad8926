package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// tokenSecret has the form of the secret of a token.
const tokenSecret = "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4"

func TestATokenIsHiddenAndItsIDIsNot(t *testing.T) {
	const text, want = "sy_abcdefghij27_" + tokenSecret, "sy_abcdefghij27_" + Hidden
	var unused Set
	inJSON, err := json.Marshal("to:\n" + text + "\n")
	if err != nil {
		t.Fatal(err)
	}
	for said, want := range map[string]string{
		text:                                want,
		"Authorization: Bearer " + text:     "Authorization: Bearer " + want,
		text + "," + text:                   want + "," + want,
		text[:40] + "…":                     want + "…",
		url.QueryEscape("token=" + text):    "token%3D" + want,
		"my_" + text + "_old":               "my_" + want + "_old",
		string(inJSON):                      `"to:\n` + want + `\n"`,
		fmt.Sprintf("%q", []string{text}):   `["` + want + `"]`,
		"easy_to_use and sy_abc_" + "short": "easy_to_use and sy_abc_short",
	} {
		if got := unused.Text(said); got != want {
			t.Errorf("%s is said as %s, want %s", said, got, want)
		}
	}
}

func TestNothingPrintsAToken(t *testing.T) {
	const line = "GET /v1/tasks?token=sy_abcdefghij27_" + tokenSecret + " from http://u:sy_abcdefghij27_" + tokenSecret + "@host/\n"
	var s Set
	var out, log bytes.Buffer
	if _, err := s.Writer(&out).Write([]byte(line)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Log(&log).Write([]byte(line)); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"output": out.String(), "log": log.String(), "error": s.Said(line)} {
		if strings.Contains(got, tokenSecret[:6]) || !strings.Contains(got, Hidden) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
