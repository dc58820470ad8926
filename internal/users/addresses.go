package users

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"switchyard/internal/web"
)

const (
	maxEmail = 254 // bytes, RFC 5321 section 4.5.3.1.3
	maxChat  = 100 // bytes
)

// checkAddresses reports addresses that cannot be used, and channels without one.
func (u User) checkAddresses() error {
	var errs []error
	for _, a := range []struct {
		channel, field, value string
		check                 func(string) error
	}{
		{Email, "email", u.Email, CheckEmail},
		{Webhook, "webhook", u.Webhook, checkWebhook},
		{Chat, "chat", u.Chat, checkChat},
	} {
		switch {
		case a.value != "":
			errs = append(errs, a.check(a.value))
		case slices.Contains(u.Channels, a.channel):
			errs = append(errs, fmt.Errorf("channel %q has no address: set %q too", a.channel, a.field))
		}
	}
	return errors.Join(errs...)
}

// CheckEmail reports why a text is no address that mail can be sent to: one address alone, without a
// name, and without anything that could begin a header of its own. Its domain may be
// internationalised.
func CheckEmail(address string) error {
	if len(address) > maxEmail {
		return fmt.Errorf("email %.40q… has %d bytes: at most %d are allowed", address, len(address), maxEmail)
	}
	hidden := func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || strings.ContainsFunc(address, hidden) || strings.ContainsAny(address, `"<>(),;:\`) {
		return fmt.Errorf("email %.100q: give one address, such as ada@example.org", address)
	}
	return nil
}

func checkWebhook(url string) error {
	if _, err := web.ParseURL(url); err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	return nil
}

func checkChat(name string) error {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(name) > maxChat || strings.ContainsFunc(name, hidden) {
		return fmt.Errorf("chat %.40q: give the name of a chat of the configuration, such as team", name)
	}
	return nil
}
