package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// key has characters that every spelling changes.
const key = "sk-9f/Q+\"7a&<é> z\\4b=1c"

func TestASecretIsFoundInEverySpelling(t *testing.T) {
	var s Set
	s.Know(key)
	basic, _ := http.NewRequest(http.MethodGet, "http://x", nil)
	inJSON, _ := json.Marshal(map[string]string{"error": fmt.Sprintf("%q", key)})
	for name, text := range map[string]string{
		"itself":       key,
		"query":        "https://x/?key=" + url.QueryEscape(key),
		"small query":  percent.ReplaceAllStringFunc("https://x/?key="+url.QueryEscape(key), strings.ToLower),
		"path":         "https://x/" + url.PathEscape(key),
		"user":         url.UserPassword("ada", key).String() + "@host",
		"url error":    (&url.Error{Op: "Get", URL: "https://x/?key=" + url.QueryEscape(key), Err: http.ErrHandlerTimeout}).Error(),
		"quoted":       fmt.Sprintf("%q", key),
		"JSON":         string(inJSON),
		"twice quoted": fmt.Sprintf("%q", fmt.Sprintf("%q", key)),
		"base64":       base64.StdEncoding.EncodeToString([]byte(key)),
		"hex":          hex.EncodeToString([]byte(key)),
	} {
		got := s.Text(text)
		for _, left := range []string{"9f", "7a", "4b", "1c", key, "c2st", "Yj0x"} {
			if strings.Contains(strings.TrimPrefix(got, "https://x/?key="), left) {
				t.Errorf("%s: %q is left of %q", name, got, text)
			}
		}
	}
	for user := range 6 {
		basic.SetBasicAuth(strings.Repeat("u", user), key)
		header := basic.Header.Get("Authorization")
		if got := s.Text(header); len(strings.ReplaceAll(got, Hidden, "")) > len("Basic ")+user*2+6 {
			t.Errorf("%q is left of %q", got, header)
		}
	}
}

func TestAPartOfALongSecretIsASecret(t *testing.T) {
	const long = "0123456789abcdefghij"
	var s Set
	s.Know(long)
	for text, want := range map[string]string{
		"key " + long[:9]:                 "key (hidden)",
		long[11:] + " key":                "(hidden) key",
		"a " + long + " b " + long + " c": "a (hidden) b (hidden) c",
		"key " + long[:7]:                 "key " + long[:7],
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestAShortSecretIsOneAsAWhole(t *testing.T) {
	var s Set
	s.Know("hunter22", "short", "sesame")
	for text, want := range map[string]string{
		"hunter22":         "(hidden)",
		"a hunter2":        "a hunter2",
		"xhunter22hunter2": "x(hidden)hunter2",
		"short":            "short",
		"open sesame":      "open (hidden)",
		"":                 "",
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestAWriterLeavesSecretsOut(t *testing.T) {
	var s Set
	var out bytes.Buffer
	s.Know("hunter22")
	if n, err := s.Writer(&out).Write([]byte("a hunter22\n")); n != 11 || err != nil || out.String() != "a (hidden)\n" {
		t.Errorf("%d, %v, %q", n, err, &out)
	}
}

func FuzzNoSecretIsLeft(f *testing.F) {
	f.Add("sesame", "open ", " now")
	f.Add(key, "", "")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		var s Set
		s.Know(secret)
		got := s.Text(before + secret + after)
		if len(secret) >= MinLength && len(secret) <= maxLength && !strings.Contains(Hidden, secret) && !strings.Contains(before+after, secret) && strings.Contains(got, secret) && !strings.Contains(before+Hidden+after, secret) {
			t.Errorf("%q is left of %q in %q", secret, before+secret+after, got)
		}
	})
}

func BenchmarkText(b *testing.B) {
	var s Set
	for i := range 20 {
		s.Know(fmt.Sprintf("sk-%d-0123456789abcdefghij%d", i, i))
	}
	line := strings.Repeat(`{"level":"info","time":"2026-01-01","msg":"task done","queue":"agents"}`, 4)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		s.Text(line)
	}
}
