package web

import (
	"net/http"
	"testing"
	"time"
)

func TestARetryAfterIsReadInBothForms(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0": 0, "-3": 0, "soon": 0, "1.5": 0, "99999999999": 24 * time.Hour,
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): 0,
	} {
		if got := RetryAfter(text); got != want {
			t.Errorf("%q means %s, want %s", text, got, want)
		}
	}
	if got := RetryAfter(time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)); got < 59*time.Minute || got > time.Hour {
		t.Errorf("a date in an hour means %s", got)
	}
}
