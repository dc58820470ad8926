package feeds

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"
)

func (f *Feed) setHead(said *gofeed.Feed, base *url.URL) {
	f.Title = line(said.Title)
	f.Link, _ = absolute(said.Link, base)
	f.Language = line(said.Language)
	f.Author = nameOf(said.Authors)
}

// newItem returns what an item says. Without a key of its own it has none yet.
func newItem(said *gofeed.Item, f *Feed, base *url.URL) Item {
	if site, err := url.Parse(f.Link); f.Format == "rss" && f.Link != "" && err == nil {
		base = site // RSS says nothing of relative links; readers take them from the site
	}
	content := said.Content
	if strings.TrimSpace(content) == "" {
		content = said.Description
	}
	i := Item{
		Key:       line(said.GUID),
		Link:      linkOf(said, base),
		Title:     line(said.Title),
		Author:    nameOf(said.Authors),
		Published: timeOf(said.PublishedParsed),
		Updated:   timeOf(said.UpdatedParsed),
		Content:   cut(strings.TrimSpace(content), MaxContent),
		Language:  f.Language,
	}
	if i.Author == "" {
		i.Author = f.Author
	}
	for _, e := range said.Enclosures {
		if u, ok := absolute(e.URL, base); ok {
			i.Enclosed = append(i.Enclosed, u)
		}
	}
	return i
}

func nameOf(people []*gofeed.Person) string {
	for _, p := range people {
		if p != nil && p.Name != "" {
			return line(p.Name)
		}
	}
	return ""
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// setKeys gives each item a key of its own: its ID, its link or a digest of its words,
// whichever no other item has. Of items that are the same it returns the first.
func setKeys(items []Item) []Item {
	for i := range items {
		if items[i].Key == "" {
			items[i].Key = items[i].Link
		}
	}
	shared := make(map[string]int)
	for _, i := range items {
		shared[i.Key]++
	}
	for n, i := range items {
		if i.Key == "" || shared[i.Key] > 1 {
			sum := sha256.Sum256([]byte(strings.Join([]string{i.Key, i.Link, i.Title, i.Content}, "\x00")))
			items[n].Key = hex.EncodeToString(sum[:16])
		}
	}
	seen := make(map[string]bool, len(items))
	return slices.DeleteFunc(items, func(i Item) bool {
		again := seen[i.Key]
		seen[i.Key] = true
		return again
	})
}

// line returns what a text says on one line, without the markup of HTML.
func line(text string) string {
	if strings.ContainsAny(text, "<&") {
		text = plain(text)
	}
	return cut(strings.Join(strings.Fields(strings.Map(printable, text)), " "), MaxLine)
}

// plain returns the text of HTML, at most a few times [MaxLine] bytes of it.
func plain(source string) string {
	var text strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	for text.Len() < 4*MaxLine {
		switch z.Next() {
		case html.ErrorToken:
			return text.String()
		case html.TextToken:
			text.Write(z.Text())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			if name, _ := z.TagName(); string(name) == "br" || string(name) == "p" {
				text.WriteByte(' ')
			}
		}
	}
	return text.String()
}

// printable drops control characters and those that turn the direction of writing.
func printable(r rune) rune {
	if r == '\ufeff' || unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
		return -1
	}
	return r
}

// cut returns at most size bytes of text and splits no character.
func cut(text string, size int) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if len(text) <= size {
		return text
	}
	for !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}
