package briefings

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"switchyard/internal/chat"
	"switchyard/internal/mail"
	"switchyard/internal/tasks"
	"switchyard/internal/users"
	"switchyard/internal/web"
)

var addresses = Links{Read: "https://b.example/read/S/b", Archive: "https://b.example/read/S/", Leave: "https://b.example/unsubscribe/L"}

// wrong returns what must not be in HTML that was made of others' words: what runs, loads or sends.
func wrong(page string) []string {
	var found []string
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return found
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		token := tokens.Token()
		switch token.Data {
		case "html", "head", "meta", "title", "style", "body", "div", "h1", "h2", "p", "ul", "li", "a", "em":
		default:
			found = append(found, "<"+token.Data+">")
		}
		for _, a := range token.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "src", a.Key == "srcset", a.Key == "background", a.Key == "http-equiv":
				found = append(found, a.Key)
			case a.Key == "href" && a.Val != "#" && !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "http://"):
				found = append(found, "href="+a.Val)
			case a.Key == "style" && strings.Contains(strings.ToLower(a.Val), "url("):
				found = append(found, "style="+a.Val)
			}
		}
	}
}

// balanced reports an element that is not closed, or closed out of turn.
func balanced(page string) error {
	var open []string
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				return fmt.Errorf("%v are open", open)
			}
			return nil
		case html.StartTagToken:
			if name := tokens.Token().Data; name != "meta" {
				open = append(open, name)
			}
		case html.EndTagToken:
			name := tokens.Token().Data
			if len(open) == 0 || open[len(open)-1] != name {
				return fmt.Errorf("</%s> closes %v", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}

// FuzzRendering says that whatever a page or a model says, every form of a briefing is well formed,
// and nothing in it runs, loads, or leads elsewhere than to the web.
func FuzzRendering(f *testing.F) {
	f.Add("<script>alert(1)</script>", "javascript:alert(1)", "<img src=x onerror=alert(2)>", "</style><style>@import url(//evil)", "</div></body>")
	f.Add("A", "https://example.org/\"onclick=x", "\x1b[2J\r\n# h", "&lt;b&gt; [click](http://evil)", "\u202e\u2028\xff")
	f.Add("0", "0", "0", "0", "\x1d")
	f.Add("", "http://[::1", "\x00", "{{.}}", "```")
	f.Fuzz(func(t *testing.T, title, url, extract, summary, why string) {
		d := Delivery{Links: addresses, Briefing: Briefing{
			ID: "b", User: "ada", Created: noon, Zone: "Europe/Berlin", Note: why, Overview: summary,
			Items: []Item{{Title: title, URL: url, Extract: []string{extract}, Why: why}, {Title: why, URL: title, Summary: summary}},
		}}
		page, err := d.mailHTML()
		if err != nil {
			t.Fatal(err)
		}
		fragment, err := d.HTML()
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range []string{page, fragment} {
			if bad := wrong(one); len(bad) > 0 {
				t.Errorf("it has %q:\n%s", bad, one)
			}
			if err := balanced(one); err != nil {
				t.Errorf("%v:\n%s", err, one)
			}
		}
		text, err := d.mailText()
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
			t.Errorf("the text has control characters: %q", text)
		}
		if message := d.chatText(); len(message) > chat.MaxText {
			t.Errorf("the message has %d bytes", len(message))
		}
	})
}

func TestTheTextOfAMailHasShortLinesAndSaysHowToEndIt(t *testing.T) {
	d := Delivery{Links: addresses, Briefing: Briefing{ID: "b", User: "ada", Created: noon, Items: []Item{{
		Title: "Tides", URL: "https://example.org/" + strings.Repeat("long", 30),
		Extract: []string{strings.Repeat("The water rises and falls twice a day. ", 6)}, Why: "of tides",
	}}}}
	text, err := d.mailText()
	if err != nil {
		t.Fatal(err)
	}
	want := `Briefing for ada, Saturday 1 June 2030 12:00 UTC

Tides
  https://example.org/` + strings.Repeat("long", 30) + `
  - The water rises and falls twice a day. The water rises and falls twice a
    day. The water rises and falls twice a day. The water rises and falls
    twice a day. The water rises and falls twice a day. The water rises and
    falls twice a day.
  why: of tides

-- 
Read it in the browser:
https://b.example/read/S/b
All briefings:
https://b.example/read/S/
Stop these mails:
https://b.example/unsubscribe/L
`
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// answering is a channel's way out that answers as it is told.
type answering struct {
	err    error
	sent   mail.Message
	header http.Header
	body   string
}

func (a *answering) Send(_ context.Context, m mail.Message) error { a.sent = m; return a.err }

func (a *answering) Post(_ context.Context, _ string, header http.Header, body []byte) error {
	a.header, a.body = header, string(body)
	return a.err
}

func TestAChannelSaysWhetherABriefingMayHaveArrived(t *testing.T) {
	d := Delivery{ID: "b1.to.x", Links: addresses, To: users.User{ID: "ada", Email: "ada@example.org"}, Briefing: Briefing{ID: "b1", User: "ada", Created: noon}}
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	const certain, doubt, final = "certain", "doubt", "final"
	for _, tc := range []struct {
		err  error
		want string
	}{
		{&mail.Error{Doubtful: true, Err: errors.New("hung up")}, doubt},
		{&mail.Error{Code: 451, Err: errors.New("later")}, certain},
		{&mail.Error{Code: 550, Recipient: true, Err: errors.New("nobody")}, final},
		{&web.Error{Status: 500, Err: errors.New("500")}, certain},
		{&web.Error{Status: 410, Err: errors.New("410")}, final},
		{&web.Error{Status: 503, RetryAfter: time.Minute, Err: errors.New("503")}, certain},
		{&web.Error{Err: dial}, certain},
		{&web.Error{Err: fmt.Errorf("%w: 10.0.0.1", web.ErrPrivate)}, final},
		{&web.Error{Err: errors.New("no complete answer")}, doubt},
	} {
		out := &answering{err: tc.err}
		var channel Channel = &Email{Mailer: out}
		if _, ok := errors.AsType[*web.Error](tc.err); ok {
			channel = &Webhook{Check: func(string) error { return nil }, Poster: out, Now: time.Now}
		}
		err := channel.Deliver(t.Context(), d)
		got := certain
		switch {
		case errors.As(err, new(errDoubt)):
			got = doubt
		case tasks.IsPermanent(err):
			got = final
		}
		if err == nil || got != tc.want || channel.Repeats() {
			t.Errorf("%v: %s, want %s", tc.err, got, tc.want)
		}
	}
}

func TestAWebhookIsToldTheBriefingUnderOneIDSigned(t *testing.T) {
	signer, err := web.NewSigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	out := &answering{}
	channel := &Webhook{Check: func(string) error { return nil }, Signer: signer, Poster: out, Now: func() time.Time { return noon }}
	d := Delivery{ID: "b1.to.webhook", Links: addresses, Briefing: Briefing{ID: "b1", User: "ada", Created: noon, Items: []Item{}}}
	if err := channel.Deliver(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if out.header.Get("Webhook-Id") != "b1.to.webhook" || !strings.HasPrefix(out.header.Get("Webhook-Signature"), "v1,") {
		t.Errorf("header %v", out.header)
	}
	want := `{"type":"briefing.ready","timestamp":"2030-06-01T12:00:00Z","data":{"title":"Briefing for ada, Saturday 1 June 2030 12:00 UTC","link":"https://b.example/read/S/b","id":"b1","user":"ada","created":"2030-06-01T12:00:00Z","since":"0001-01-01T00:00:00Z","items":[]}}`
	if out.body != want {
		t.Errorf("told\n%s\nwant\n%s", out.body, want)
	}
}

func TestAMessageToAChatSaysHowMuchIsLeftOut(t *testing.T) {
	d := Delivery{Links: addresses, Briefing: Briefing{ID: "b", User: "ada", Created: noon}}
	for range 20 {
		d.Items = append(d.Items, Item{Title: "Tides of the north sea, and those of the south", URL: "https://example.org/tides/of/the/north"})
	}
	text := d.chatText()
	if len(text) > chat.MaxText || !strings.HasSuffix(text, "and 5 more\n\nhttps://b.example/read/S/b") {
		t.Errorf("%d bytes:\n%s", len(text), text)
	}
}

// twenty is a briefing of 20 items.
func twenty() Briefing {
	b := Briefing{ID: "b", User: "ada", Created: noon, Zone: "Europe/Berlin"}
	for i := range 20 {
		b.Items = append(b.Items, Item{
			Title: fmt.Sprintf("Tides & trains, part %d", i), URL: fmt.Sprintf("https://example.org/tides/%d?a=b&c=d", i), Published: noon,
			Extract: []string{strings.Repeat("The water rises and falls twice a day. ", 3), "Trains do not.", "A <b>third</b> sentence of some length stands here."}, Why: "matches tides",
		})
	}
	return b
}

// BenchmarkRendering renders briefings of 20 items, as HTML for a page and as text.
func BenchmarkRendering(b *testing.B) {
	briefing := twenty()
	for b.Loop() {
		if _, err := briefing.HTML(); err != nil {
			b.Fatal(err)
		}
		if _, err := briefing.Text(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "briefings/s")
}

// BenchmarkMail renders them as both parts of a mail.
func BenchmarkMail(b *testing.B) {
	d := Delivery{Briefing: twenty(), Links: addresses}
	for b.Loop() {
		if _, err := d.mailHTML(); err != nil {
			b.Fatal(err)
		}
		if _, err := d.mailText(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "briefings/s")
}
