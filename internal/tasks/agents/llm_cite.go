package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"switchyard/internal/tasks"
)

// Citation is what an answer rests on: words of a document.
type Citation struct {
	Document string `json:"document"` // its ID
	Quote    string `json:"quote"`
}

// Source is a document that a checked answer cites.
type Source struct {
	Document string `json:"document"`
	Title    string `json:"title,omitempty"`
	URL      string `json:"url"`
}

// cited is the journal's record of a check: it is not made again by a later attempt, when a
// document may be gone.
type cited struct {
	Wrong   string   `json:"wrong,omitempty"` // as the model is told; "" if all is well
	Sources []Source `json:"sources,omitempty"`
}

// minQuote is the number of words that a quote has to have: fewer stand in any text.
const minQuote = 4

// checkCitations has each citation of an answer looked up in its document, as a step of the
// journal, and returns the documents, or what is wrong.
func (t *talk) checkCitations(ctx context.Context, output json.RawMessage) (sources []Source, wrong, err error) {
	var answer struct {
		Citations []Citation `json:"citations"`
	}
	if err := json.Unmarshal(output, &answer); err != nil {
		return nil, errors.New("its citations are not objects with document and quote: give each as {\"document\": \"...\", \"quote\": \"...\"}"), nil
	}
	raw, err := t.run.Journal.Do(ctx, fmt.Sprintf("citations %d", t.asked), false, func(ctx context.Context) (json.RawMessage, error) {
		c, err := t.lookUp(ctx, answer.Citations)
		if err != nil {
			return nil, err
		}
		return json.Marshal(c)
	})
	if err != nil {
		return nil, nil, err
	}
	var c cited
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, nil, tasks.Permanent(fmt.Errorf("the journal's step citations %d: %w", t.asked, err))
	}
	if c.Wrong != "" {
		return nil, errors.New(c.Wrong), nil
	}
	return c.Sources, nil, nil
}

// lookUp looks citations up in the stored documents.
func (t *talk) lookUp(ctx context.Context, citations []Citation) (cited, error) {
	var c cited
	var wrong []string
	texts := make(map[string]string)
	for i, citation := range citations {
		text, known := texts[citation.Document]
		if !known {
			d, found, err := t.Documents.Get(ctx, citation.Document)
			if err != nil {
				return c, err
			}
			if found {
				text = plainWords(d.Title + "\n" + d.Text)
				c.Sources = append(c.Sources, Source{Document: d.ID, Title: d.Title, URL: d.URL})
			}
			texts[citation.Document] = text
		}
		if fault := citation.fault(text); fault != "" {
			wrong = append(wrong, fmt.Sprintf("citation %d: %s", i+1, fault))
		}
	}
	c.Wrong = strings.Join(wrong, "; ")
	return c, nil
}

// fault says what is wrong with a citation of a document whose plain words are given, "" if
// nothing is.
func (c Citation) fault(text string) string {
	quote := plainWords(c.Quote)
	switch {
	case text == "":
		return fmt.Sprintf("there is no document %.64q: cite documents by their id", c.Document)
	case len(strings.Fields(quote)) < minQuote:
		return fmt.Sprintf("the quote %.64q is too short: quote %d words or more", c.Quote, minQuote)
	case !strings.Contains(text, quote):
		return fmt.Sprintf("the quote %.200q does not stand in document %s: quote word for word and without gaps, or leave it out", c.Quote, c.Document)
	}
	return ""
}

// quotes are the characters that models and pages use for each other.
var quotes = strings.NewReplacer("‘", "'", "’", "'", "‚", "'", "“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`, "–", "-", "—", "-", "‐", "-", "‑", "-", "\u00ad", "")

// plainWords returns a text as it is compared: without regard to spaces, to the shapes of
// quotes and dashes, and to how a character is composed. The case of letters counts.
func plainWords(text string) string {
	return strings.Join(strings.Fields(quotes.Replace(norm.NFKC.String(text))), " ")
}

// checkCiting reports what is wrong with the citations of a definition.
func (d Definition) checkCiting() error {
	properties, _ := d.Schema["properties"].(map[string]any)
	if _, has := properties["citations"]; d.Citations && !has {
		return errors.New("citations is set: give a schema whose properties have citations, an array of objects with document and quote")
	}
	if d.Citations && !slices.Contains(d.Tools, readTool) {
		return fmt.Errorf("citations is set: give the agent the tool %s, with which it reads what it is to quote", readTool)
	}
	return nil
}
