package agents

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchyard/internal/corpus"
	"switchyard/internal/documents"
	"switchyard/internal/llm"
	"switchyard/internal/rank"
	"switchyard/internal/tasks"
)

// FindingTool is the tool with which a model writes something down for the run's result.
const FindingTool = "write_finding"

// readTool is the tool with which a model reads a document.
const readTool = "read_document"

// Toolbox makes the tools that come with Switchyard.
type Toolbox struct {
	Documents DocumentStore
	Corpus    *corpus.Corpus
	// Fetch returns the text of a page, as scraping would store it.
	Fetch    func(ctx context.Context, url string) (title, text string, err error)
	Enqueuer tasks.Enqueuer
	Now      func() time.Time
}

// DocumentStore gives documents.
type DocumentStore interface {
	DocumentReader
	Get(ctx context.Context, id string) (documents.Document, bool, error)
}

// tool is a tool with arguments of type A.
type tool[A any] struct {
	description llm.Tool
	call        func(ctx context.Context, run Run, id string, args A) (string, error)
}

// Describe implements [Tool].
func (t tool[A]) Describe() llm.Tool { return t.description }

// Effect implements [Tool]. Those that come with Switchyard can be called twice.
func (tool[A]) Effect() bool { return false }

// Call implements [Tool].
func (t tool[A]) Call(ctx context.Context, run Run, id string, arguments json.RawMessage) (string, error) {
	args, err := tasks.Decode[A](arguments)
	if err != nil {
		return "", refuse("%v", err)
	}
	within, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	text, err := t.call(within, run, id, args)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		err = late(err, toolWithin)
	}
	return text, err
}

// describe describes a tool by its name, what it is for, and the properties of its arguments,
// of which those named are required.
func describe(name, description, properties string, required ...string) llm.Tool {
	schema, err := json.Marshal(map[string]any{
		"type": "object", "properties": json.RawMessage(properties), "required": append([]string{}, required...), "additionalProperties": false,
	})
	if err != nil {
		panic(err) // the properties are written here
	}
	return llm.Tool{Name: name, Description: description, Schema: schema}
}

// Tools returns the tools by their names.
func (b Toolbox) Tools() map[string]Tool {
	all := []Tool{
		tool[searchArgs]{describe("search_documents", "Searches the pages that were scraped lately. Returns their ids, dates, titles and a sentence that fits.",
			`{"words":{"type":"string","description":"what to look for; without it the newest are listed"},`+
				`"since":{"type":"string","format":"date-time","description":"leaves out what was scraped before"},"limit":{"type":"integer","minimum":1,"maximum":20}}`), b.search},
		tool[readArgs]{describe(readTool, "Returns the text of a scraped page.",
			`{"id":{"type":"string","description":"as search_documents returned it"}}`, "id"), b.read},
		tool[fetchArgs]{describe("fetch_page", "Fetches a page from the web and returns its text.",
			`{"url":{"type":"string"}}`, "url"), b.fetch},
		tool[findingArgs]{describe(FindingTool, "Writes a finding down for the result of your work, with the ids or URLs it rests on.",
			`{"text":{"type":"string"},"sources":{"type":"array","items":{"type":"string"}}}`, "text"), writeFinding},
		tool[enqueueArgs]{describe("enqueue", "Sends a task for later, of one of the kinds that you were told.",
			`{"kind":{"type":"string"},"payload":{"type":"object"}}`, "kind", "payload"), b.enqueue},
	}
	named := make(map[string]Tool, len(all))
	for _, t := range all {
		named[t.Describe().Name] = t
	}
	return named
}

type searchArgs struct {
	Words string    `json:"words"`
	Since time.Time `json:"since"`
	Limit int       `json:"limit"`
}

// What a search looks through and brings.
const (
	searchSpan  = 30 * 24 * time.Hour
	searchLimit = 10
	maxSearch   = 20
)

func (b Toolbox) search(ctx context.Context, _ Run, _ string, args searchArgs) (string, error) {
	since := b.Now().Add(-searchSpan)
	if args.Since.After(since) {
		since = args.Since
	}
	recent, err := b.Documents.Recent(ctx, since, maxConsidered)
	if err != nil {
		return "", err
	}
	limit := searchLimit
	if args.Limit > 0 {
		limit = min(args.Limit, maxSearch)
	}
	found := b.find(args.Words, recent, limit)
	if found == "" {
		return "nothing fits", nil
	}
	return found, nil
}

// find lists the documents that fit words, the newest if there are none. All words together count
// most, but each is searched for.
func (b Toolbox) find(words string, recent []documents.Document, limit int) string {
	var out strings.Builder
	if strings.TrimSpace(words) == "" {
		for _, d := range recent[:min(limit, len(recent))] {
			writeFound(&out, d)
		}
		return out.String()
	}
	places := make(map[string]documents.Document, len(recent))
	for _, d := range recent {
		places[d.ID] = d
	}
	reader := rank.Reader{Topics: append([]string{words}, strings.Fields(words)...), Now: b.Now(), Limit: limit}
	for _, c := range choose(b.Corpus, reader, recent).Choices {
		writeFound(&out, places[c.Document])
		if len(c.Matches) > 0 && c.Matches[0].Quote != "" {
			fmt.Fprintf(&out, "    %s\n", c.Matches[0].Quote)
		}
	}
	return out.String()
}

func writeFound(out *strings.Builder, d documents.Document) {
	fmt.Fprintf(out, "id %s, of %s: %s (%s)\n", d.ID, cmp.Or(d.Published, d.Stored).UTC().Format(time.DateOnly), d.Title, d.URL)
}

type readArgs struct {
	ID string `json:"id"`
}

func (b Toolbox) read(ctx context.Context, _ Run, _ string, args readArgs) (string, error) {
	d, found, err := b.Documents.Get(ctx, args.ID)
	if err != nil {
		return "", err
	}
	if !found {
		return "", refuse("there is no document %.50q: search for one", args.ID)
	}
	return d.Title + "\n" + d.URL + "\n\n" + d.Text, nil
}

type fetchArgs struct {
	URL string `json:"url"`
}

func (b Toolbox) fetch(ctx context.Context, _ Run, _ string, args fetchArgs) (string, error) {
	title, text, err := b.Fetch(ctx, args.URL)
	if err != nil {
		return "", refuse("%v", err) // a page that cannot be had is no reason to end the run
	}
	return title + "\n\n" + text, nil
}

type findingArgs struct {
	Text    string   `json:"text"`
	Sources []string `json:"sources"`
}

func writeFinding(_ context.Context, _ Run, _ string, args findingArgs) (string, error) {
	if strings.TrimSpace(args.Text) == "" {
		return "", refuse(`field "text" is empty: say what you found`)
	}
	return "written down", nil
}

type enqueueArgs struct {
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload"`
}

// enqueue sends a task under the call's own name, so that it is added once. Whoever else a
// page talks the model into working for is refused.
func (b Toolbox) enqueue(ctx context.Context, run Run, id string, args enqueueArgs) (string, error) {
	if !slices.Contains(run.Definition.Enqueues, args.Kind) {
		return "", refuse("kind %.100q: you may send %s", args.Kind, strings.Join(run.Definition.Enqueues, ", "))
	}
	if user := tasks.UserOf(args.Payload); user != "" && user != run.Args.User {
		return "", refuse("field \"user\" of the payload is %.100q: you work for %s alone", user, run.Args.User)
	}
	receipt, err := b.Enqueuer.Enqueue(ctx, tasks.Raw{Name: args.Kind, Payload: args.Payload}, tasks.Options{ID: id})
	if tasks.IsPermanent(err) {
		return "", refuse("%v", err)
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("sent as task %s", receipt.ID), nil
}
