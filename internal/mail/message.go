package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// compose makes a mail of text and HTML. Nothing in a message can begin a header of its own.
func (s *Sender) compose(m Message) (*gomail.Msg, error) {
	from, err := Address(s.options.From)
	if err != nil {
		return nil, fmt.Errorf("email.from: %w", err)
	}
	to, err := Address(m.To)
	if err != nil {
		return nil, &Error{Code: 553, Recipient: true, Err: err}
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.FromMailAddress(from)
	out.ToMailAddress(to)
	if s.options.ReplyTo != "" {
		reply, err := Address(s.options.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("email.reply_to: %w", err)
		}
		out.ReplyToMailAddress(reply)
	}
	out.Subject(oneLine(m.Subject))
	out.SetMessageIDWithValue(messageID(m.ID, from.Address))
	out.SetDateWithValue(m.Date)
	// RFC 3834: nobody's absence is to be answered to a program.
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	if err := leave(out, m.Unsubscribe); err != nil {
		return nil, err
	}
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return out, nil
}

// leave says how mails of this kind are ended.
func leave(out *gomail.Msg, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(address, "<>, ") {
		return errors.New("the address to unsubscribe is no https URL: see to briefings.url")
	}
	out.SetListUnsubscribe(u.String())
	if u.Scheme == "https" { // RFC 8058 has no one-click without
		out.SetListUnsubscribePost()
	}
	return nil
}

// Address reads an address, with or without a name. Its domain is written as the DNS has it, so that
// every server knows it.
func Address(text string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(text)
	if err != nil || strings.ContainsFunc(text, unicode.IsControl) {
		return nil, fmt.Errorf("%.100q is no address of mail: give one such as ada@example.org", text)
	}
	at := strings.LastIndexByte(a.Address, '@')
	domain, err := idna.Lookup.ToASCII(a.Address[at+1:])
	if err != nil {
		return nil, fmt.Errorf("%.100q is no address of mail: its domain is not valid", text)
	}
	a.Address = a.Address[:at+1] + domain
	return a, nil
}

// messageID makes the ID of a mail, which tells nothing of its reader.
func messageID(id, from string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16]) + from[strings.LastIndexByte(from, '@'):]
}

// oneLine leaves out of a text what cannot stand in a header.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
}
