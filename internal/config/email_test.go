package config

import (
	"strings"
	"testing"
)

func TestWhatKeepsBriefingsFromBeingDeliveredIsNamed(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"": func(c *Config) {
			c.Email = Email{Server: "smtp.example.org:587", TLS: "starttls", Username: "u", Password: "p", From: "Briefings <b@example.org>"}
			c.Briefings.URL = "https://briefings.example/x/"
			c.Chats = map[string]Chat{"team": {URLEnv: "TEAM"}}
		},
		`email.tls "ssl": use starttls, implicit or none`: func(c *Config) { c.Email.TLS = "ssl" },
		`email.server "smtp.example.org": give host:port, such as smtp.example.org:587`: func(c *Config) {
			c.Email, c.Briefings.URL = Email{Server: "smtp.example.org", TLS: "none", From: "b@c.example"}, "https://b.example"
		},
		`email.from: "b@c.example\r\nBcc: eve@example.org" is no address of mail: give one such as ada@example.org`: func(c *Config) {
			c.Email, c.Briefings.URL = Email{Server: "a:25", TLS: "none", From: "b@c.example\r\nBcc: eve@example.org"}, "https://b.example"
		},
		`email.tls is none, and a password is not sent in plain text: use starttls or implicit`: func(c *Config) {
			c.Email, c.Briefings.URL = Email{Server: "a:25", TLS: "none", From: "b@c.example", Username: "u", Password: "p"}, "https://b.example"
		},
		`briefings.url is empty, and mails need it for the address that ends them: give where readers reach the monitor, such as https://briefings.example`: func(c *Config) {
			c.Email = Email{Server: "a:25", TLS: "none", From: "b@c.example"}
		},
		`briefings.url "ftp://b.example": give an http or https URL, such as https://example.com/v1`: func(c *Config) { c.Briefings.URL = "ftp://b.example" },
		`chats.team.url_env is empty: name the variable that holds the chat's URL`:                   func(c *Config) { c.Chats = map[string]Chat{"team": {}} },
		`briefings.per_user is 0: use 1 to 10000`:                                                    func(c *Config) { c.Briefings.PerUser = 0 },
	} {
		c := Default()
		change(&c)
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestThePasswordOfTheMailServerIsNotPrinted(t *testing.T) {
	c := Default()
	c.Email.Password = "open-sesame-1"
	if text, err := c.Print(); err != nil || strings.Contains(text, "sesame") || !strings.Contains(text, "(hidden)") {
		t.Errorf("%v\n%s", err, text)
	}
}
