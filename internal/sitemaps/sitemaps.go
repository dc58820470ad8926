// Package sitemaps reads sitemaps, indexes of sitemaps and sitemaps that are plain text, as
// https://www.sitemaps.org describes them, with the extension for news. It is pure: bytes go
// in, links come out.
package sitemaps

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"switchyard/internal/charset"
)

// The bounds of the standard. What exceeds them is left out, and the rest is read.
const (
	MaxLinks = 50_000   // of one sitemap
	MaxSize  = 50 << 20 // bytes of one sitemap, decompressed
	MaxURL   = 2048     // bytes of a link
)

// ErrNone is the error of [Read] for what is no sitemap.
var ErrNone = errors.New("it is no sitemap: neither XML with urlset or sitemapindex nor text with one URL a line")

// Sitemap is what a sitemap lists, in its order and without repetitions.
type Sitemap struct {
	Pages    []Page
	Sitemaps []Page // of an index: further sitemaps
	Unusable int    // entries without an http or https URL
	Cut      bool   // it is damaged or too long, and what comes before is here
}

// Page is one entry. All but URL may be empty.
type Page struct {
	URL       string // absolute, http or https
	Modified  time.Time
	Title     string // of news
	Published time.Time
}

// Read reads the sitemap that a server sent from address as contentType, compressed with gzip
// or not. Relative links are taken from there. What is no sitemap is [ErrNone].
func Read(body []byte, contentType, address string) (*Sitemap, error) {
	base, err := url.Parse(address)
	if err != nil {
		base = &url.URL{}
	}
	s := &Sitemap{}
	if body, err = s.decompress(body); err != nil {
		return nil, err
	}
	l := list{sitemap: s, base: base, seen: make(map[string]bool)}
	text := charset.Decode(body, contentType)
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "<") {
		err = l.readXML(text)
	} else {
		err = l.readText(text)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// decompress undoes gzip, as far as it goes.
func (s *Sitemap) decompress(body []byte) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("decompress the sitemap: %w", err)
	}
	plain, whole := readAll(z)
	s.Cut = !whole
	return plain, nil
}

// readAll reads what it can, at most [MaxSize] bytes, and reports whether that is all.
func readAll(r io.Reader) (plain []byte, whole bool) {
	plain, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	return plain[:min(len(plain), MaxSize)], err == nil && len(plain) <= MaxSize
}

// list collects the entries of a sitemap.
type list struct {
	sitemap *Sitemap
	base    *url.URL
	seen    map[string]bool
}

// add notes an entry, unless it is there already. It returns false if there is no room left.
func (l *list) add(p Page, index bool) bool {
	u, err := l.base.Parse(strings.TrimSpace(p.URL))
	if err != nil || p.URL == "" || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(p.URL) > MaxURL {
		l.sitemap.Unusable++
		return true
	}
	p.URL = u.String()
	if l.seen[p.URL] {
		return true
	}
	if len(l.seen) == MaxLinks {
		l.sitemap.Cut = true
		return false
	}
	l.seen[p.URL] = true
	if index {
		l.sitemap.Sitemaps = append(l.sitemap.Sitemaps, p)
	} else {
		l.sitemap.Pages = append(l.sitemap.Pages, p)
	}
	return true
}

// readText reads one URL a line. Text whose first line is none is no sitemap.
func (l *list) readText(text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if len(l.seen) == 0 && !strings.HasPrefix(line, "http://") && !strings.HasPrefix(line, "https://") {
			return ErrNone
		}
		if !l.add(Page{URL: line}, false) {
			break
		}
	}
	if len(l.seen) == 0 {
		return ErrNone
	}
	return nil
}
