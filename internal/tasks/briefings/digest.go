package briefings

import (
	"context"
	"fmt"
	"time"

	"switchyard/internal/tasks"
	"switchyard/internal/users"
)

// digestRequest is what an agent is asked that writes a briefing's texts: the arguments of an
// agent_* task. It names documents and holds none of their words: an agent reads them with
// its tools, which mark them as what they are.
type digestRequest struct {
	agent  string
	User   string      `json:"user"`
	Topics []string    `json:"topics,omitempty"`
	Since  time.Time   `json:"since"`
	Input  digestInput `json:"input"`
}

type digestInput struct {
	Documents []string `json:"documents"`      // in the briefing's order
	Tone      string   `json:"tone,omitempty"` // how to write, as the user wants it
}

// Kind implements [tasks.Args].
func (r digestRequest) Kind() string { return agentKind(r.agent) }

// digest is what an agent answers: the part of its result that a briefing needs.
type digest struct {
	Overview string         `json:"overview"`
	Items    []digestedItem `json:"items"`
}

type digestedItem struct {
	Document string `json:"document"`
	Summary  string `json:"summary"`
}

// Asked is the result of a briefing_write that leaves the writing to a later one, which runs
// when an agent has written the texts, or has not in time.
type Asked struct {
	Digest tasks.Receipt `json:"digest"`
	Write  tasks.Receipt `json:"write"`
}

// askDigest asks the agent for the texts of a briefing. Called again it enqueues nothing twice.
func (h *Handlers) askDigest(ctx context.Context, args WriteArgs, user users.User, b Briefing) (any, error) {
	_, edition := args.edition(user)
	request := digestRequest{agent: h.Options.Digest, User: user.ID, Topics: user.Topics, Since: args.Since, Input: digestInput{Tone: edition.Tone}}
	for _, item := range b.Items {
		request.Input.Documents = append(request.Input.Documents, item.document)
	}
	args.Digest = b.ID + ".digest"
	waiting, err := h.Enqueuer.Enqueue(ctx, args, tasks.Options{ID: b.ID + ".deliver", At: h.Now().Add(h.Options.Patience)})
	if err != nil {
		return nil, err
	}
	asked, err := h.Enqueuer.Enqueue(ctx, request, tasks.Options{ID: args.Digest, Wakes: &waiting})
	if err != nil {
		return nil, err
	}
	return Asked{Digest: asked, Write: waiting}, nil
}

// digested adds what the agent has written to a briefing. Without it the extracts stand, and
// a note says why.
func (h *Handlers) digested(ctx context.Context, args WriteArgs, b *Briefing) error {
	var d digest
	reason, err := h.answer(ctx, h.Options.Digest, args.Digest, "digest", args.Until, &d)
	if err != nil {
		return err
	}
	summaries := make(map[string]string)
	for _, item := range d.Items {
		summaries[item.Document] = item.Summary
	}
	missing := 0
	for i := range b.Items {
		if b.Items[i].Summary = summaries[b.Items[i].document]; b.Items[i].Summary == "" {
			missing++
		}
	}
	switch {
	case reason != "":
		b.addNote(reason + ", so the pages are quoted.")
	case missing > 0:
		b.addNote(fmt.Sprintf("The digest left out %d of %d pages, which are quoted.", missing, len(b.Items)))
	}
	b.Overview = d.Overview
	return nil
}

// addNote adds a sentence to the note.
func (b *Briefing) addNote(sentence string) {
	if b.Note != "" {
		b.Note += " "
	}
	b.Note += sentence
}
