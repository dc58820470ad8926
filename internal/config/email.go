package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"switchyard/internal/mail"
	"switchyard/internal/web"
)

// Email says through which server briefings are mailed. Without one nobody gets mail.
type Email struct {
	Server   string   `yaml:"server,omitempty"` // host:port
	TLS      mail.TLS `yaml:"tls"`
	Username string   `yaml:"username,omitempty"`
	Password Secret   `yaml:"password,omitempty"`
	From     string   `yaml:"from,omitempty"`     // an address, with or without a name
	ReplyTo  string   `yaml:"reply_to,omitempty"` // default: answers go to From
	CAFile   string   `yaml:"ca_file,omitempty"`  // of the server's certificate
}

// Chat is where briefings can go as short messages.
type Chat struct {
	// URLEnv names the variable that holds its URL, which is secret, in the form of shoutrrr.
	URLEnv string `yaml:"url_env"`
}

// Options returns what package mail needs.
func (e Email) Options() mail.Options {
	host, port, _ := net.SplitHostPort(e.Server) // it has been checked
	number, _ := strconv.Atoi(port)
	return mail.Options{
		Host: host, Port: number, TLS: e.TLS, Username: e.Username, Password: e.Password.Reveal(),
		From: e.From, ReplyTo: e.ReplyTo, CAFile: e.CAFile,
	}
}

// checkDelivery reports what keeps briefings from being delivered.
func (c Config) checkDelivery() error {
	errs := []error{c.Email.check(), c.checkURL()}
	for _, name := range slices.Sorted(maps.Keys(c.Chats)) {
		if c.Chats[name].URLEnv == "" {
			errs = append(errs, fmt.Errorf("chats.%s.url_env is empty: name the variable that holds the chat's URL", name))
		}
	}
	return errors.Join(errs...)
}

func (e Email) check() error {
	if !slices.Contains([]mail.TLS{mail.StartTLS, mail.Implicit, mail.NoTLS}, e.TLS) {
		return fmt.Errorf("email.tls %q: use starttls, implicit or none", e.TLS)
	}
	if e.Server == "" {
		return nil
	}
	var errs []error
	host, port, err := net.SplitHostPort(e.Server)
	if number, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || number == 0 || host == "" || strings.ContainsAny(host, "/ ") {
		errs = append(errs, fmt.Errorf("email.server %q: give host:port, such as smtp.example.org:587", e.Server))
	}
	for _, a := range []struct{ key, value string }{{"email.from", e.From}, {"email.reply_to", e.ReplyTo}} {
		if a.value == "" && a.key != "email.from" {
			continue
		}
		if _, err := mail.Address(a.value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", a.key, err))
		}
	}
	if (e.Username == "") != (e.Password == "") {
		errs = append(errs, errors.New("email.username and email.password go together: set both or none"))
	}
	if e.Username != "" && e.TLS == mail.NoTLS {
		errs = append(errs, errors.New("email.tls is none, and a password is not sent in plain text: use starttls or implicit"))
	}
	return errors.Join(errs...)
}

// checkURL sees to it that readers can end their mails.
func (c Config) checkURL() error {
	if c.Briefings.URL == "" {
		if c.Email.Server != "" {
			return errors.New("briefings.url is empty, and mails need it for the address that ends them: give where readers reach the monitor, such as https://briefings.example")
		}
		return nil
	}
	if err := web.CheckService(c.Briefings.URL); err != nil {
		return fmt.Errorf("briefings.url %w", err)
	}
	if u, err := url.Parse(c.Briefings.URL); err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("briefings.url has a user, a query or a fragment: leave them out, such as https://briefings.example")
	}
	return nil
}
