package mail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

var letter = Message{
	To: "ada@bücher.example", Subject: "Briefing für ada", Text: "Tides rise.\n", HTML: "<p>Tides rise — twice.</p>",
	ID: "b1.to.email", Date: time.Date(2030, 6, 1, 8, 0, 0, 0, time.UTC), Unsubscribe: "https://briefings.example/unsubscribe/SECRET",
}

func TestAMailArrivesWholeOverBothSortsOfTLSWithAuthentication(t *testing.T) {
	for _, how := range []TLS{StartTLS, Implicit} {
		t.Run(string(how), func(t *testing.T) {
			s := &server{}
			sender := start(t, s, how, nil)
			for range 2 {
				if err := sender.Send(t.Context(), letter); err != nil {
					t.Fatal(err)
				}
			}
			if s.from != "briefings@example.org" || !slices.Equal(s.to, []string{"ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"}) || len(s.mails) != 2 {
				t.Fatalf("from %s to %s, %d mails", s.from, s.to, len(s.mails))
			}
			var ids []string
			for _, raw := range s.mails {
				header, parts := parsed(t, raw)
				ids = append(ids, header.Get("Message-Id"))
				for name, want := range map[string]string{
					"To": "<ada@xn--bcher-kva.example>", "From": `"Switchyard" <briefings@example.org>`, "Reply-To": "<help@example.org>",
					"Date": "Sat, 01 Jun 2030 08:00:00 +0000", "Auto-Submitted": "auto-generated",
					"List-Unsubscribe": "<https://briefings.example/unsubscribe/SECRET>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
				} {
					if got := header.Get(name); got != want {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
				if subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject")); err != nil || subject != letter.Subject {
					t.Errorf("subject %q, %v", subject, err)
				}
				if parts["text/plain"] != "Tides rise.\r\n" && parts["text/plain"] != letter.Text || parts["text/html"] != letter.HTML {
					t.Errorf("parts %q", parts)
				}
			}
			if ids[0] != ids[1] || !strings.HasSuffix(ids[0], "@example.org>") {
				t.Errorf("the same mail has the IDs %s", ids)
			}
		})
	}
}

func TestWhatAServerRefusesIsKnownNotToHaveArrived(t *testing.T) {
	for name, tc := range map[string]struct {
		server    *server
		change    func(*Options)
		code      int
		permanent bool
	}{
		"a recipient it does not know": {server: &server{refuseRcpt: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}}, code: 550, permanent: true},
		"a recipient for now":          {server: &server{refuseRcpt: &smtp.SMTPError{Code: 451, Message: "greylisted"}}, code: 451},
		"the mail":                     {server: &server{refuseData: &smtp.SMTPError{Code: 554, Message: "spam"}}, code: 554, permanent: true},
		"the mail for now":             {server: &server{refuseData: &smtp.SMTPError{Code: 452, Message: "full"}}, code: 452},
		"the password":                 {server: &server{}, change: func(o *Options) { o.Password = "wrong" }},
		"a stranger":                   {server: &server{}, change: func(o *Options) { o.Username, o.Password = "", "" }, code: 502},
		"a certificate nobody vouches": {server: &server{}, change: func(o *Options) { o.CAFile = "" }},
	} {
		t.Run(name, func(t *testing.T) {
			err := start(t, tc.server, StartTLS, tc.change).Send(t.Context(), letter)
			failed, ok := errors.AsType[*Error](err)
			if !ok || failed.Doubtful || failed.Code != tc.code || failed.Permanent() != tc.permanent || len(tc.server.mails) != 0 {
				t.Errorf("%+v, %v; %d mails", failed, err, len(tc.server.mails))
			}
			if strings.Contains(fmt.Sprint(err), "sesame") {
				t.Errorf("the error has the password: %v", err)
			}
		})
	}
}

func TestAServerWithoutEncryptionGetsNoPassword(t *testing.T) {
	said := make(chan string, 20)
	sender := hostile(t, func(conn net.Conn) { converse(conn, said, nil) })
	sender.options.TLS, sender.options.Username, sender.options.Password = StartTLS, "u", "open sesame"
	err := sender.Send(t.Context(), letter)
	if failed, ok := errors.AsType[*Error](err); !ok || failed.Doubtful {
		t.Errorf("err %v", err)
	}
	close(said)
	for line := range said {
		if strings.HasPrefix(line, "AUTH") || strings.HasPrefix(line, "MAIL") {
			t.Errorf("it was told %q", line)
		}
	}
}

func TestAMailIsInDoubtOnlyIfTheServerHadAllOfItAndGaveNoAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		script   map[string]string // answers by the first word of a line; "" hangs up
		doubtful bool
	}{
		"hangs up at once":           {map[string]string{"hello": ""}, false},
		"hangs up before DATA":       {map[string]string{"DATA": ""}, false},
		"hangs up after the mail":    {map[string]string{".": ""}, true},
		"talks nonsense after it":    {map[string]string{".": "what?\r\n"}, true},
		"refuses it":                 {map[string]string{".": "550 5.7.1 no\r\n"}, false},
		"takes it and then hangs up": {map[string]string{"RSET": "", "QUIT": ""}, false},
		"greets without an end":      {map[string]string{"hello": strings.Repeat("220-"+strings.Repeat("x", 1000)+"\r\n", 1200)}, false},
		"one line without an end":    {map[string]string{"EHLO": "250-" + strings.Repeat("x", 2<<20)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := hostile(t, func(conn net.Conn) { converse(conn, nil, tc.script) }).Send(t.Context(), letter)
			failed, ok := errors.AsType[*Error](err)
			if name == "takes it and then hangs up" {
				if err != nil {
					t.Errorf("err %v, want none: it was taken", err)
				}
				return
			}
			if !ok || failed.Doubtful != tc.doubtful {
				t.Errorf("%+v, %.300v; want doubtful %v", failed, err, tc.doubtful)
			}
		})
	}
}

func TestAMailIsGivenUpWhenItsTimeIsOver(t *testing.T) {
	s := &server{}
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan struct{})
	s.afterData = func() { cancel(errors.New("stopping")); <-done }
	err := start(t, s, StartTLS, nil).Send(ctx, letter)
	close(done)
	if failed, ok := errors.AsType[*Error](err); !ok || !failed.Doubtful || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("err %v, want doubt: the server has the mail", err)
	}
}

// converse answers as a mail server would, but for what the script says.
func converse(conn net.Conn, said chan<- string, script map[string]string) {
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	answer := func(word, usual string) bool {
		text, ok := script[word]
		if !ok {
			text = usual
		}
		_, err := io.WriteString(conn, text)
		return err == nil && text != ""
	}
	if !answer("hello", "220 localhost\r\n") {
		return
	}
	lines := bufio.NewScanner(conn)
	data := false
	for lines.Scan() {
		line := lines.Text()
		word, _, _ := strings.Cut(line, " ")
		if data && line != "." {
			continue
		}
		if said != nil {
			said <- line
		}
		usual := map[string]string{"EHLO": "250-localhost\r\n250 8BITMIME\r\n", "DATA": "354 go on\r\n", "QUIT": "221 bye\r\n"}[word]
		if usual == "" {
			usual = "250 ok\r\n"
		}
		data = word == "DATA"
		if !answer(word, usual) {
			return
		}
	}
}

func parsed(t *testing.T, raw string) (netmail.Header, map[string]string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %s, %v", kind, err)
	}
	parts := map[string]string{}
	for reader := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		parts[kind] = string(text)
	}
}

// FuzzNothingInAMessageBeginsAHeader says that no text of others adds a header or a reader.
func FuzzNothingInAMessageBeginsAHeader(f *testing.F) {
	f.Add("ada@example.org", "Hello", "text", "https://x.example/u", "id")
	f.Add("ada@example.org\r\nBcc: eve@example.org", "a\r\nBcc: eve@example.org\r\n\r\nbody", "\r\n.\r\nQUIT", "https://x.example/\r\nX: y", "i\r\nd")
	f.Add("ü@example.org", strings.Repeat("ä", 500), "", "javascript:x", "")
	sender, err := NewSender(Options{From: "Switchyard <b@example.org>"})
	if err != nil {
		f.Fatal(err)
	}
	known := []string{"Auto-Submitted", "Content-Type", "Date", "From", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-Id", "Mime-Version", "Subject", "To"}
	f.Fuzz(func(t *testing.T, to, subject, text, leave, id string) {
		message, err := sender.compose(Message{To: to, Subject: subject, Text: text, HTML: text, Unsubscribe: leave, ID: id})
		if err != nil {
			return
		}
		var out strings.Builder
		if _, err := message.WriteTo(&out); err != nil {
			return
		}
		m, err := netmail.ReadMessage(strings.NewReader(out.String()))
		if err != nil {
			t.Fatalf("%v:\n%s", err, out.String())
		}
		for name, values := range m.Header {
			if !slices.Contains(known, name) || len(values) != 1 {
				t.Errorf("header %s: %q", name, values)
			}
		}
		if list, err := m.Header.AddressList("To"); err != nil || len(list) != 1 {
			t.Errorf("to %v, %v", list, err)
		}
	})
}
