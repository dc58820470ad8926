package tokens

import (
	"strings"
	"testing"

	"switchyard/internal/redact"
)

func TestATextHasItsPartsAndNoOther(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		text, id, secret := newText()
		gotID, gotSecret, ok := split(text)
		if !ok || gotID != id || gotSecret != secret || text != "sy_"+id+"_"+secret || len(id) != 12 || len(secret) != 43 {
			t.Fatalf("%s has the parts %s, %s, %t", text, gotID, gotSecret, ok)
		}
		if seen[id] || seen[secret] {
			t.Fatalf("%s is there twice", text)
		}
		seen[id], seen[secret] = true, true
		if got := redact.Process.Text("Bearer " + text); got != "Bearer sy_"+id+"_"+redact.Hidden {
			t.Fatalf("%s is said as %s", text, got)
		}
	}
}

func TestWhatHasNotTheFormOfATokenIsNone(t *testing.T) {
	text, id, secret := newText()
	for _, wrong := range []string{
		"", "sy_", "sy__", id, secret, text + "0", text[:len(text)-1], " " + text[1:], strings.ToUpper(text),
		"sy_" + id + "0" + secret, "sy_" + id + "_" + secret[:42] + "_", "sy_" + id + "_" + secret[:42] + "\x00",
		"sy_" + id[:11] + "1_" + secret, "sy_" + id[:11] + "_" + secret + "0", "sy_" + id[:11] + "}_" + secret,
	} {
		if _, _, ok := split(wrong); ok {
			t.Errorf("%q is taken for a token", wrong)
		}
	}
}
