package config

import (
	"strings"
	"testing"
)

func TestTheSecretOfWebhooksIsCheckedAndNeverPrinted(t *testing.T) {
	c := Default()
	c.Webhooks = Webhooks{Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Allow: []string{"app.example.com", "10.0.0.1"}}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	text, err := c.Print()
	if err != nil || strings.Contains(text, "MfKQ9") || !strings.Contains(text, "secret: (hidden)") {
		t.Errorf("printed %s, %v", text, err)
	}
	c.Webhooks.Secret = "hunter2!"
	if err := c.Validate(); err == nil || err.Error() != "webhooks.secret: it is no Standard Webhooks secret: give whsec_ and base64" {
		t.Error(err)
	}
}

func TestAllowedHostsAreNamesOfHosts(t *testing.T) {
	for _, host := range []string{"", "https://app.example.com", "app.example.com/hook", "app.example.com:8443", "eve@app.example.com", "a b"} {
		c := Default()
		c.Webhooks.Allow = []string{host}
		if c.Validate() == nil {
			t.Errorf("webhooks.allow %q is taken", host)
		}
	}
}
