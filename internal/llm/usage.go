package llm

import (
	"encoding/json"
	"strconv"
)

// Usage is what an answer took, in tokens.
type Usage struct {
	// Input counts all of the request, Cached the part of it that the vendor had at hand, and
	// Written the part that it has put there.
	Input   int64 `json:"input"`
	Cached  int64 `json:"cached,omitempty"`
	Written int64 `json:"written,omitempty"`
	Output  int64 `json:"output"`
}

// tokens is a number of tokens as a server tells it. What is no number counts as 0: it is no
// reason to lose the answer.
type tokens int64

// UnmarshalJSON implements [json.Unmarshaler].
func (t *tokens) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err == nil {
		*t = tokens(min(max(n, -mostTokens), mostTokens)) // what is implausible, plausible mends
	}
	return nil
}

// mostTokens is more than any request or answer has.
const mostTokens = 1e9

// plausible returns the usage that a server tells, within what can be: budgets are charged
// with it, and nothing is to be given back to them.
func (u Usage) plausible() Usage {
	within := func(n, most int64) int64 { return min(max(n, 0), most) }
	u.Input, u.Output = within(u.Input, mostTokens), within(u.Output, mostTokens)
	u.Cached = within(u.Cached, u.Input)
	u.Written = within(u.Written, u.Input-u.Cached)
	return u
}

// Sum returns the tokens of both directions.
func (u Usage) Sum() int64 { return u.Input + u.Output }

// formatTokens is what the vendors add to a request for its format, about, for each part.
const formatTokens = 20

// Most returns what the request can take at most: a token has a byte at least, and the answer
// as many as its bound.
func (r Request) Most() Usage {
	parts := 1 + len(r.Turns) + len(r.Tools)
	bytes := len(r.Instructions) + len(r.Schema)
	for _, tool := range r.Tools {
		bytes += len(tool.Name) + len(tool.Description) + len(tool.Schema)
	}
	for _, turn := range r.Turns {
		if a := turn.Answer; a != nil && a.Original != nil {
			bytes += len(a.Original.JSON) // it goes in place of the rest
			continue
		}
		text, err := json.Marshal(turn)
		if err == nil {
			bytes += len(text)
		}
		parts += len(turn.Results)
	}
	return Usage{Input: int64(bytes + parts*formatTokens), Output: int64(r.MaxTokens)}
}

// usageOf returns what an answer to the request took. A server that says nothing of it is
// taken to have used what it can have used: a budget that counted nothing would never end.
func (r Request) usageOf(a Answer) Usage {
	if used := a.Usage.plausible(); used != (Usage{}) {
		return used
	}
	used := r.Most()
	used.Output = int64(len(a.Text))
	if a.Original != nil {
		used.Output = int64(len(a.Original.JSON)) // with its thoughts
		return used
	}
	for _, c := range a.Calls {
		used.Output += int64(len(c.Name) + len(c.Arguments))
	}
	return used
}
