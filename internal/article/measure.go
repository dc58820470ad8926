package article

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/sync/semaphore"
)

const (
	maxElements   = 50_000  // of one page; more is refused
	maxAttributes = 200_000 // of one page; more is refused

	// maxNesting bounds the sum of the depths of a page's elements. Finding the main
	// text takes time in proportion to it: measured, about a second for each million.
	maxNesting = 2_000_000

	// maxReach bounds the sum of the bytes of a page's texts, each as often as it has elements
	// around it, because each of them counts the characters in it: measured, about a second
	// for each 30 million.
	maxReach = 30_000_000

	// maxReading bounds the bytes of the pages that are read at a time. A page takes up to a
	// hundred times its size in memory, so this is about 800 MB at the worst.
	maxReading = 2 * MaxHTML
)

var reading = semaphore.NewWeighted(maxReading)

// enter waits until there is memory for a page of size bytes. The reader calls done when it
// needs it no longer.
func enter(ctx context.Context, size int) (done func(), err error) {
	if err := reading.Acquire(ctx, int64(size)); err != nil {
		return nil, fmt.Errorf("wait for the memory to read a page: %w", err)
	}
	return func() { reading.Release(int64(size)) }, nil
}

// isFormatting reports whether a parser opens an element again in each block that it is left
// open in. Such elements multiply: a page of 4 MB may become a tree of millions of them.
func isFormatting(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.Nobr, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return true
	}
	return false
}

// isVoid reports whether an element holds nothing and so is never closed.
func isVoid(tag atom.Atom) bool {
	switch tag {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Param, atom.Source,
		atom.Track, atom.Wbr:
		return true
	}
	return false
}

// isSingle reports whether an element ends where the next one of its kind begins.
func isSingle(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Li, atom.Dt, atom.Dd, atom.Td, atom.Th, atom.Tr, atom.Option:
		return true
	}
	return false
}

// measure refuses a page that would make too large a tree, before there is one.
func measure(source string) error {
	var t tally
	dense := len(source) > 2*maxAttributes // an attribute takes two bytes at least
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return nil
		case html.StartTagToken, html.SelfClosingTagToken: // which closes no element of HTML
			name, more := z.TagName()
			t.start(atom.Lookup(name))
			for more && dense {
				_, _, more = z.TagAttr()
				t.attributes++
			}
		case html.TextToken:
			t.reach += len(z.Raw()) * len(t.open)
		case html.EndTagToken:
			name, _ := z.TagName()
			t.end(atom.Lookup(name))
		}
		if err := t.check(); err != nil {
			return err
		}
	}
}

// tally estimates the tree that a parser would make.
type tally struct {
	open       []atom.Atom // at most maxOpen; 0 for an element without a name of HTML
	formatting int         // of open
	elements   int
	attributes int
	nesting    int
	reach      int
}

// maxOpen is how deep elements are followed. The parser refuses to go deeper than 512.
const maxOpen = 600

func (t *tally) start(tag atom.Atom) {
	if isVoid(tag) {
		t.elements++
		return
	}
	if n := len(t.open); n > 0 && t.open[n-1] == tag && isSingle(tag) {
		t.closeTo(n - 1)
	}
	opens := isFormatting(tag)
	t.elements++
	if tag == atom.P || tag == atom.Div { // which come in thousands
		t.elements += t.formatting
	}
	t.nesting += len(t.open)
	if len(t.open) < maxOpen {
		t.open = append(t.open, tag)
		if opens {
			t.formatting++
		}
	}
}

func (t *tally) end(tag atom.Atom) {
	for i := len(t.open) - 1; i >= 0; i-- {
		if t.open[i] == tag {
			t.closeTo(i)
			return
		}
	}
}

func (t *tally) closeTo(depth int) {
	for _, tag := range t.open[depth:] {
		if isFormatting(tag) {
			t.formatting--
		}
	}
	t.open = t.open[:depth]
}

func (t *tally) check() error {
	switch {
	case t.elements > maxElements:
		return fmt.Errorf("the page has more than %d elements: finding its text would take too long", maxElements)
	case t.attributes > maxAttributes:
		return fmt.Errorf("the page has more than %d attributes: finding its text would take too long", maxAttributes)
	case t.nesting > maxNesting, t.reach > maxReach:
		return errors.New("the page is nested too deeply: finding its text would take too long")
	}
	return nil
}
