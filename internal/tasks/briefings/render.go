package briefings

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/microcosm-cc/bluemonday"

	"switchyard/internal/users"
)

//go:embed templates
var templates embed.FS

var (
	textTemplate     = texttemplate.Must(texttemplate.New("briefing.txt").Funcs(textFuncs).ParseFS(templates, "templates/briefing.txt"))
	markdownTemplate = texttemplate.Must(texttemplate.New("briefing.md").Funcs(textFuncs).ParseFS(templates, "templates/briefing.md"))
	htmlTemplate     = htmltemplate.Must(htmltemplate.New("briefing.html").Funcs(htmltemplate.FuncMap{"day": day, "link": link}).ParseFS(templates, "templates/briefing.html"))

	textFuncs = texttemplate.FuncMap{"day": day, "plain": plain, "escape": escape, "link": link}

	// sanitizer is the second belt: the template escapes what documents say already.
	sanitizer = bluemonday.UGCPolicy()
)

// Title returns the briefing's heading, with its edition and its date in the user's zone.
func (b Briefing) Title() string {
	what := "Briefing"
	if b.Edition != "" && b.Edition != users.Daily {
		what = strings.ToUpper(b.Edition[:1]) + strings.ReplaceAll(b.Edition[1:], "-", " ") + " briefing"
	}
	return what + " for " + b.User + ", " + in(b.Created, b.Zone).Format("Monday 2 January 2006 15:04 MST")
}

// Digested says who has written the texts, "" if they are the documents' own.
func (b Briefing) Digested() string {
	for _, item := range b.Items {
		if item.Summary != "" {
			return "The summaries were written by a language model. The pages have the last word."
		}
	}
	return ""
}

// Text returns the briefing as plain text for a terminal or a mail.
func (b Briefing) Text() (string, error) { return render(textTemplate, b) }

// Markdown returns the briefing as Markdown. What documents say is escaped: they cannot
// add links, markup or HTML of their own.
func (b Briefing) Markdown() (string, error) { return render(markdownTemplate, b) }

// HTML returns the briefing as a sanitized HTML fragment.
func (b Briefing) HTML() (string, error) {
	html, err := render(htmlTemplate, b)
	return sanitizer.Sanitize(html), err
}

// template is what text and HTML templates have in common.
type template interface {
	Execute(w io.Writer, data any) error
}

func render(t template, b Briefing) (string, error) {
	var out bytes.Buffer
	if err := t.Execute(&out, b); err != nil {
		return "", fmt.Errorf("render briefing %s: %w", b.ID, err)
	}
	return out.String(), nil
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2 January 2006")
}

// plain keeps a document from moving a terminal's cursor or starting a new line.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }), " ")
}

var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;",
	"#", `\#`, "!", `\!`, "|", `\|`, "&", "&amp;",
)

func escape(s string) string { return markdownEscaper.Replace(plain(s)) }

var linkEscaper = strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", " ", "%20")

// link returns a URL that can stand in a link: an http or https one.
func link(s string) string {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return "#"
	}
	return linkEscaper.Replace(plain(s))
}
