package daemons

import "testing"

func TestAProbeReachesWhoeverListensOnAnyAddress(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:9101": "127.0.0.1:9101",
		"0.0.0.0:9101":   "localhost:9101",
		"[::]:9101":      "localhost:9101",
		":9101":          "localhost:9101",
		"10.0.0.1:9101":  "10.0.0.1:9101",
		"[::1]:9101":     "[::1]:9101",
		"worker:9101":    "worker:9101",
	} {
		if got := reachable(listen); got != want {
			t.Errorf("%s is reached at %s, want %s", listen, got, want)
		}
	}
}
