// Package mail sends mail through one SMTP server, and knows of each failure whether the mail may have
// been taken all the same.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// TLS says how a connection is encrypted.
type TLS string

// The ways of encryption.
const (
	StartTLS TLS = "starttls" // begun in plain text, and not gone on with unless it is encrypted
	Implicit TLS = "implicit" // from the first byte
	NoTLS    TLS = "none"     // for a server on the same machine
)

// Timeout bounds one mail, from the connection to the server's last answer.
const Timeout = 45 * time.Second

// maxAnswers bounds what a server may say in one connection, in bytes.
const maxAnswers = 1 << 20

// Options say which server is used, and as whom.
type Options struct {
	Host     string
	Port     int
	TLS      TLS
	Username string // "": nobody signs in
	Password string
	From     string // an address, with or without a name
	ReplyTo  string // "": answers go to From
	CAFile   string // of the server's certificate; "": the system's
}

// Message is one mail to one reader.
type Message struct {
	To      string // an address alone
	Subject string
	Text    string
	HTML    string
	// ID names the mail. The same mail, sent again, has the same one.
	ID   string
	Date time.Time
	// Unsubscribe is an https or http address that ends such mails when it is posted to (RFC 8058);
	// "": there is none.
	Unsubscribe string
}

// Error says why a mail was not sent.
type Error struct {
	// Code is the server's answer, 0 if it gave none.
	Code int
	// Recipient says that the answer was about who the mail is for.
	Recipient bool
	// Doubtful says that the server may have taken the mail: it had all of it, and gave no answer.
	Doubtful bool
	Err      error
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Permanent reports whether the server has refused the mail, or its recipient, for good.
func (e *Error) Permanent() bool {
	return e.Code >= 500 && e.Code <= 599 && (e.Recipient || e.Code == 554 || e.Code == 552)
}

// Sender sends mail. It is safe for concurrent use; each mail has a connection of its own.
type Sender struct {
	options Options
	tls     *tls.Config
}

// NewSender returns a sender. It reads the file of certificates and does not connect.
func NewSender(o Options) (*Sender, error) {
	s := &Sender{options: o, tls: &tls.Config{ServerName: o.Host, MinVersion: tls.VersionTLS12}}
	if o.CAFile == "" {
		return s, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("email.ca_file: %w", err)
	}
	s.tls.RootCAs = x509.NewCertPool()
	if !s.tls.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("email.ca_file %s has no certificate in PEM: name the file of your authority", o.CAFile)
	}
	return s, nil
}

// Send sends a mail. The error is an [*Error] if the server or the way to it is the reason.
func (s *Sender) Send(ctx context.Context, m Message) error {
	message, err := s.compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, Timeout, fmt.Errorf("the mail server took longer than %s", Timeout))
	defer cancel()
	line := &line{sender: s}
	defer line.close()
	defer context.AfterFunc(ctx, line.close)()
	client, err := s.client(line)
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return &Error{Err: fmt.Errorf("reach the mail server %s: %w", s.address(), because(ctx, err))}
	}
	err = client.Send(message)
	if err == nil || message.IsDelivered() {
		return nil // what follows its acceptance is of no account
	}
	return s.explain(ctx, err)
}

func (s *Sender) address() string {
	return net.JoinHostPort(s.options.Host, strconv.Itoa(s.options.Port))
}

// client returns what speaks SMTP on a line.
func (s *Sender) client(l *line) (*gomail.Client, error) {
	o := s.options
	options := []gomail.Option{
		gomail.WithPort(o.Port), gomail.WithTLSConfig(s.tls), gomail.WithTimeout(Timeout), gomail.WithDialContextFunc(l.dial),
	}
	// Opportunistic it finds out that a connection is encrypted from its first byte.
	policy := map[TLS]gomail.TLSPolicy{StartTLS: gomail.TLSMandatory, Implicit: gomail.TLSOpportunistic, NoTLS: gomail.NoTLS}
	options = append(options, gomail.WithTLSPolicy(policy[o.TLS]))
	if o.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(o.Username), gomail.WithPassword(o.Password))
	}
	client, err := gomail.NewClient(o.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare the mail to %s: %w", s.address(), err)
	}
	return client, nil
}

// explain says what a failure means for the mail. Until the server has all of it, it has not taken it.
func (s *Sender) explain(ctx context.Context, err error) error {
	failed := &Error{Err: fmt.Errorf("mail server %s: %w", s.address(), because(ctx, err))}
	if sending, ok := errors.AsType[*gomail.SendError](err); ok {
		failed.Code = sending.ErrorCode()
		failed.Recipient = sending.Reason == gomail.ErrSMTPRcptTo
		failed.Doubtful = sending.Reason == gomail.ErrSMTPDataClose && failed.Code == 0
	}
	return failed
}

// because adds why a connection was given up.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}
