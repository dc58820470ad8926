package config

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"switchyard/internal/hosts"
)

func TestAHostHasItsOwnPoliteness(t *testing.T) {
	path := write(t, `
fetcher:
  politeness:
    spacing: 2s
    hosts:
      Example.COM: {spacing: 0s, by: domain}
      127.0.0.1:8080: {concurrency: 9}
`)
	c, err := Load(path, []string{"SWITCHYARD_FETCHER_POLITENESS_CONCURRENCY=3"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	policy := c.Fetcher.Politeness.Policy()
	for raw, want := range map[string]hosts.Host{
		"https://www.example.com/": {Name: "example.com", Concurrency: 3},
		"https://other.example/":   {Name: "other.example", Spacing: 2 * time.Second, Concurrency: 3},
		"http://127.0.0.1:8080/":   {Name: "127.0.0.1:8080", Spacing: 2 * time.Second, Concurrency: 9},
	} {
		u, _ := url.Parse(raw)
		if got := policy.Of(u); got != want {
			t.Errorf("%s: %+v, want %+v", raw, got, want)
		}
	}
}

func TestPolitenessThatNobodyCanMeanIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"spacing: -1s":                      "fetcher.politeness.spacing is -1s: use 0s to 1h0m0s",
		"concurrency: 0":                    "fetcher.politeness.concurrency is 0: use 1 to 1000",
		"by: site":                          `fetcher.politeness.by "site": use host or domain`,
		"hosts: {'a/b': {}}":                "fetcher.politeness.hosts.a/b: give the name of a host or of a domain, such as example.com",
		"hosts: {a.example: {spacing: 2h}}": "fetcher.politeness.hosts.a.example.spacing is 2h0m0s: use 0s to 1h0m0s",
	} {
		_, err := Load(write(t, "fetcher: {politeness: {"+text+"}}"), nil, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
