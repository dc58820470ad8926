package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// eventsOf reads all events of a stream, as name and data.
func eventsOf(t *testing.T, r io.Reader) (all [][2]string) {
	t.Helper()
	events := newEventReader(r)
	for {
		e, err := events.next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, [2]string{e.name, string(e.data)})
	}
}

func TestAStreamIsReadAsTheStandardHasIt(t *testing.T) {
	for text, want := range map[string][][2]string{
		"data: a\n\ndata: b\n\n":                  {{"", "a"}, {"", "b"}},
		"\ufeffdata: a\n\n":                       {{"", "a"}},
		"event: x\ndata:a\r\ndata:  b\r\n\r\n":    {{"x", "a\n b"}},
		": ping\n\nevent: ping\n\ndata: a\n\n":    {{"", "a"}},
		"id: 7\nretry: 10\nfoo: bar\ndata: a\n\n": {{"", "a"}},
		"data: a\n\ndata: the stream ends in it":  {{"", "a"}, {"", "the stream ends in it"}},
		"data: a: b\n\n":                          {{"", "a: b"}},
		"data\n\ndata:\n\n":                       nil,
		"":                                        nil,
	} {
		for name, r := range map[string]io.Reader{"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text))} {
			if got := eventsOf(t, r); !reflect.DeepEqual(got, want) {
				t.Errorf("%q, %s: %q, want %q", text, name, got, want)
			}
		}
	}
	events := newEventReader(io.MultiReader(strings.NewReader("data: a"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if e, err := events.next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a connection that breaks: %q, %v", e.data, err)
	}
}

// FuzzPieces joins a value to nothing, which has to give that value, and to itself, which has
// to give JSON.
func FuzzPieces(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"index":0,"text":"x"}],"b":null}`, `"text"`, `[[[[[[[[1]]]]]]]]`, `{}`, `[]`, `1.50`, `{"id":"a","x":{"y":"z"}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want, got any
		if json.Unmarshal([]byte(text), &want) != nil {
			t.Skip()
		}
		var p pieces
		p.add(json.RawMessage(text))
		value := p.value()
		// Parts of a list that have the same index are joined, on purpose.
		if !bytes.Contains([]byte(text), []byte("index")) && (json.Unmarshal(value, &got) != nil || !reflect.DeepEqual(got, want)) {
			t.Errorf("%s is joined to %s", text, value)
		}
		p.add(json.RawMessage(text))
		if !json.Valid(p.value()) {
			t.Errorf("twice %s is %s", text, p.value())
		}
	})
}
