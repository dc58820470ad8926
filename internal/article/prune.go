package article

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// isNever reports whether an element holds no text for readers.
func isNever(tag atom.Atom) bool {
	switch tag {
	case atom.Nav, atom.Footer, atom.Style, atom.Noscript, atom.Iframe, atom.Svg, atom.Template, atom.Button, atom.Select, atom.Input,
		atom.Textarea, atom.Object, atom.Embed, atom.Audio, atom.Video, atom.Canvas, atom.Dialog:
		return true
	}
	return false
}

// beside are the words in the classes and IDs of what stands beside a text: captions, credits,
// adverts, consent boxes, dates, tags, authors and whatever asks for something. Two words with
// a dash are two in a row.
var beside = words(`
	caption figcaption imagecaption subcaption captiontext imagedescription image-description credit credits photocredit copyright bildunterschrift
	newsletter subscribe subscription signup optin
	ad ads adv advert adverts advertisement advertising werbung anzeige anzeigen reklama sponsor sponsored promo promobox promotion disclaimer disclosure
	affiliate cookie cookies consent gdpr dsgvo
	share sharing shareaholic sharedaddy social socials print printbutton rating ratings rate vote
	breadcrumb breadcrumbs taglist taglinks tag-links post-tags entry-tags postmetadata entry-meta post-meta article-meta meta-info
	readtime read-time readingtime reading-time lastupdated last-updated dateline timestamp
	authorbox author-box authorbio author-bio authorinfo author-info postauthor post-author about-author entry-author bio
	disqus login call-to
`)

// linking are those of what links to other texts. Without a link they are of this one: a
// teaser may be its first lines.
var linking = words(`
	teaser teasers related recommended recommendation recommendations recirc recirculation similar siblings morelinks linkbox seealso trending mostread
	read-more more-stories more-articles see-also also-read view-more toc tableofcontents table-contents inhaltsverzeichnis
`)

// vocabulary has words of the names of classes, and pairs of them with a dash.
type vocabulary map[string]entry

// entry says what a word is: one of the vocabulary, the first of a pair, or both.
type entry struct{ known, first bool }

func words(list string) vocabulary {
	v := make(vocabulary)
	for word := range strings.FieldsSeq(list) {
		if first, _, pair := strings.Cut(word, "-"); pair {
			v[first] = entry{known: v[first].known, first: true}
		}
		v[word] = entry{known: true, first: v[word].first}
	}
	return v
}

// prune removes what is never part of a text, and what stands beside it. Nothing goes that
// holds much of the page, whatever it is called: names of classes mean many things.
func prune(root *html.Node) {
	squeezeAll(root)
	total := sizeOf(root)
	var away []*html.Node
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			if child.Type == html.CommentNode || child.Type == html.ElementNode && isAway(child, total) {
				away = append(away, child)
				continue
			}
			walk(child)
		}
	}
	walk(root)
	for _, n := range away {
		n.Parent.RemoveChild(n)
	}
}

// squeezeAll leaves one space of many in the texts in n: what finds the main text reads them
// over and over.
func squeezeAll(n *html.Node) {
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		switch {
		case child.Type == html.TextNode:
			child.Data = squeeze(child.Data)
		case child.DataAtom == atom.Script, child.DataAtom == atom.Pre, isNever(child.DataAtom):
		default:
			squeezeAll(child)
		}
	}
}

// sizeOf returns how many bytes of text n holds for readers.
func sizeOf(n *html.Node) int {
	if n.Type == html.TextNode {
		return len(strings.TrimSpace(n.Data))
	}
	if n.DataAtom == atom.Script || isNever(n.DataAtom) {
		return 0
	}
	sum := 0
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		sum += sizeOf(child)
	}
	return sum
}

// squeeze replaces white space in a row by one space, as browsers show it.
func squeeze(text string) string {
	run := false
	for i := range len(text) {
		space := text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r' || text[i] == '\f'
		if space && (run || text[i] != ' ') {
			return squeezed(text)
		}
		run = space
	}
	return text
}

func squeezed(text string) string {
	if strings.Trim(text, " \n\t\r\f") == "" { // an indentation, as most of these texts
		return " "
	}
	out := make([]byte, 0, len(text))
	run := false
	for i := range len(text) {
		switch text[i] {
		case ' ', '\n', '\t', '\r', '\f':
			if !run {
				out = append(out, ' ')
			}
			run = true
		default:
			out = append(out, text[i])
			run = false
		}
	}
	return string(out)
}

func isAway(n *html.Node, total int) bool {
	switch n.DataAtom {
	case atom.Script:
		return !strings.HasPrefix(attribute(n, "type"), "math/tex") // which is text
	case atom.Html, atom.Head, atom.Body, atom.Article, atom.Main, atom.Link, atom.Meta, atom.Title, atom.H1:
		return false
	}
	return isNever(n.DataAtom) || isBeside(n) && sizeOf(n)*5 <= total
}

// isBeside reports whether an element is called what stands beside a text.
func isBeside(n *html.Node) bool {
	if n.DataAtom == atom.Figcaption || n.DataAtom == atom.Aside {
		return true
	}
	class, id := attribute(n, "class"), attribute(n, "id")
	return hasWord(class, beside) || hasWord(id, beside) || (hasWord(class, linking) || hasWord(id, linking)) && links(n)
}

func links(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.DataAtom == atom.A {
			return true
		}
	}
	return false
}

// hasWord reports whether a class or ID has one of the words, or two in a row.
func hasWord(name string, of vocabulary) bool {
	if name == "" || len(name) > 300 {
		return false
	}
	first := "" // of a pair
	for word := range namesWords(name) {
		is := of[word]
		if is.known || first != "" && of[first+"-"+word].known {
			return true
		}
		first = ""
		if is.first {
			first = word
		}
	}
	return false
}

// namesWords yields the words of a name in lower case: related-links, relatedLinks and
// related__links have the same.
func namesWords(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, previous := 0, rune(0)
		for i, r := range name {
			border := !unicode.IsLetter(r)
			if border || unicode.IsUpper(r) && unicode.IsLower(previous) {
				if i > start && !yield(strings.ToLower(name[start:i])) {
					return
				}
				start = i
				if border {
					start = i + utf8.RuneLen(r)
				}
			}
			previous = r
		}
		if start < len(name) {
			yield(strings.ToLower(name[start:]))
		}
	}
}
