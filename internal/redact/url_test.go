package redact

import "testing"

func TestAURLIsShownWithoutItsSecrets(t *testing.T) {
	for raw, want := range map[string]string{
		"redis://h:1/0":          "redis://h:1/0",
		"redis://u:p@h:1/0":      "redis://(hidden)@h:1/0",
		"redis://:p@h":           "redis://(hidden)@h",
		"redis://p@h":            "redis://(hidden)@h",
		"rediss://u:p@a:1,b:2/3": "rediss://(hidden)@a:1,b:2/3",
		"redis-sentinel://u:p@h:1/m?sentinel_password=p": "redis-sentinel://(hidden)@h:1/m?sentinel_password=(hidden)",
		"redis-cluster://h:1?password=p&addr=h:2":        "redis-cluster://h:1?password=(hidden)&addr=(hidden)",
		"redis://u:a/b@h:1":                              "redis://(hidden)@h:1",
		"redis://u:1/b@h:1":                              "redis://(hidden)@h:1",
		"redis://u:a#b@h:1":                              "redis://(hidden)@h:1",
		"redis://u:a?b@h:1":                              "redis://(hidden)@h:1",
		"redis://u:a@b@h:1":                              "redis://(hidden)@h:1",
		"redis://u:p@ss%zz@h":                            "redis://(hidden)@h",
		"unix://u:p@/run/redis.sock?db=1":                "unix://(hidden)@/run/redis.sock?db=(hidden)",
		"https://h/path?token=p":                         "https://h/path?token=(hidden)",
		"https://h/path?p":                               "https://h/path?(hidden)",
		"https://h/?a=1;b=2&c=&=d":                       "https://h/?a=(hidden);b=(hidden)&c=&=(hidden)",
		"https://h/#access_token=p":                      "https://h/#(hidden)",
		"https://u:a/b@h/":                               "https://(hidden)@h/",
		"https://h/@ada/feed":                            "https://h/@ada/feed",
		"https://h:8080/@ada":                            "https://h:8080/@ada",
		"no URL":                                         "no URL",
		"":                                               "",
		"://x@y":                                         "://(hidden)@y",
	} {
		if got := URL(raw); got != want {
			t.Errorf("%s is shown as %s, want %s", raw, got, want)
		}
	}
	const text = "url: redis://u:p@h\nother: 'https://h/?k=p'\n"
	if got, want := URLs(text), "url: redis://(hidden)@h\nother: 'https://h/?k=(hidden)'\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzNoPasswordIsLeftOfARedisURL(f *testing.F) {
	f.Add("p@/?#")
	f.Fuzz(func(t *testing.T, between string) {
		const mark = "SECRET"
		raw := "redis://user:" + mark + between + mark + "@host:1/0"
		if got := URL(raw); got != "redis://(hidden)@host:1/0" {
			t.Errorf("%q is shown as %q", raw, got)
		}
	})
}
