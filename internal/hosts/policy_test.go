package hosts

import (
	"net/url"
	"testing"
	"time"
)

func TestWhatCountsAsOneHost(t *testing.T) {
	policy := Policy{
		Rule: Rule{Spacing: time.Second, Concurrency: 1, By: ByHost},
		Hosts: map[string]Rule{
			"example.co.uk":      {Concurrency: 4, By: ByDomain},
			"fast.example.co.uk": {Concurrency: 9, By: ByHost},
		},
	}
	for raw, want := range map[string]Host{
		"https://Example.COM./a":         {"example.com", time.Second, 1},
		"http://example.com:8080/":       {"example.com", time.Second, 1},
		"https://www.example.com/":       {"www.example.com", time.Second, 1},
		"https://bücher.example/":        {"xn--bcher-kva.example", time.Second, 1},
		"https://a.b.example.co.uk/":     {"example.co.uk", 0, 4},
		"https://example.co.uk/":         {"example.co.uk", 0, 4},
		"https://fast.example.co.uk/":    {"fast.example.co.uk", 0, 9},
		"https://127.0.0.1/":             {"127.0.0.1:443", time.Second, 1},
		"http://127.0.0.1:8080/":         {"127.0.0.1:8080", time.Second, 1},
		"http://[::ffff:10.0.0.1]:8080/": {"10.0.0.1:8080", time.Second, 1},
		"http://[fd00::1]/":              {"[fd00::1]:80", time.Second, 1},
		"http://localhost:9000/":         {"localhost:9000", time.Second, 1},
		"http://a.localhost/":            {"a.localhost:80", time.Second, 1},
		"http://8.8.8.8:8080/":           {"8.8.8.8", time.Second, 1},
		"http://[2a00::1]:8080/":         {"2a00::1", time.Second, 1},
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := policy.Of(u); got != want {
			t.Errorf("%s: %+v, want %+v", raw, got, want)
		}
	}
}
