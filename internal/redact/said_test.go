package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
)

func TestWhatIsSaidHasNoSecretsInItsURLs(t *testing.T) {
	var s Set
	s.KnowHost("http://u:p@service:80/path?k=v")
	for text, want := range map[string]string{
		`Get "http://u:p@h/?token=t&page=2": refused`:       `Get "http://(hidden)@h/?token=(hidden)&page=2": refused`,
		`see redis://:p@h:1 and redis-cluster://p@h?addr=g`: `see redis://(hidden)@h:1 and redis-cluster://(hidden)@h?addr=g`,
		`http://h/?API_KEY=k;sig=x`:                         `http://h/?API_KEY=(hidden);sig=(hidden)`,
		`redis://u:a\b@h:1`:                                 `redis://(hidden)@h:1`,
		"https://example.org/feed?topic=climate-change":     "https://example.org/feed?topic=climate-change",
		"see http://service:80/other?k=v&x":                 "see http://service:80/other?k=(hidden)&(hidden)",
		"mail ada@example.org":                              "mail ada@example.org",
	} {
		if got := s.Said(text); got != want {
			t.Errorf("%s is said as %s, want %s", text, got, want)
		}
	}
}

func TestALogStaysJSON(t *testing.T) {
	var s Set
	var out bytes.Buffer
	line, err := json.Marshal(map[string]string{"error": fmt.Sprintf("Get %q: refused\nGet %q", "http://h/?token=t", "http://u:p@h")})
	if err == nil {
		_, err = s.Log(&out).Write(line)
	}
	var got map[string]string
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &got)
	}
	if want := "Get \"http://h/?token=(hidden)\": refused\nGet \"http://(hidden)@h\""; err != nil || got["error"] != want {
		t.Errorf("%s, %v; want %q", out.Bytes(), err, want)
	}
}
