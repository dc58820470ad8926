package briefings

import (
	htmltemplate "html/template"
	"net/url"
	"strings"

	"github.com/rivo/uniseg"
)

// mailTemplate is a whole page, for programs that show mail: its looks are in its elements, nothing
// in it is loaded, and what documents say is escaped.
var mailTemplate = htmltemplate.Must(htmltemplate.New("mail.html").Funcs(htmltemplate.FuncMap{
	"day": day, "link": link, "host": host,
}).ParseFS(templates, "templates/mail.html"))

// mailHTML returns the HTML part of a mail.
func (d Delivery) mailHTML() (string, error) {
	var out strings.Builder
	err := mailTemplate.Execute(&out, d)
	return out.String(), err
}

// mailWidth is the length of a line of a mail's text, in columns (RFC 3676 asks for at most 78).
const mailWidth = 76

// mailText returns the text part of a mail.
func (d Delivery) mailText() (string, error) {
	text, err := d.Text()
	if err != nil {
		return "", err
	}
	var foot strings.Builder
	for _, l := range []struct{ what, address string }{
		{"Read it in the browser:", d.Links.Read}, {"All briefings:", d.Links.Archive}, {"Stop these mails:", d.Links.Leave},
	} {
		if l.address != "" {
			foot.WriteString(l.what + "\n" + l.address + "\n")
		}
	}
	text = wrap(text, mailWidth)
	if foot.Len() > 0 {
		text += "\n-- \n" + foot.String() // RFC 3676, section 4.3: what follows is no part of the text
	}
	return text, nil
}

// wrap breaks lines between words, and indents what follows as the line itself. A longer word, such
// as an address, stays whole.
func wrap(text string, width int) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		indent := line[:len(line)-len(strings.TrimLeft(line, " -"))]
		out.WriteString(indent)
		column := len(indent)
		for i, word := range strings.Fields(line[len(indent):]) {
			wide := uniseg.StringWidth(word)
			switch {
			case i == 0:
			case column+1+wide > width:
				out.WriteString("\n" + strings.Repeat(" ", len(indent)))
				column = len(indent)
			default:
				out.WriteByte(' ')
				column++
			}
			out.WriteString(word)
			column += wide
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// host returns the name of the server of a page, "" if its address has none.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}
