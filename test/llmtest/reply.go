package llmtest

import (
	"slices"
	"time"

	"switchyard/internal/llm"
)

// Reply is what the server answers. The zero value is an empty answer.
type Reply struct {
	llm.Answer
	// Status is an error's, with Code and Message as the vendor would give them.
	Status        int
	Code, Message string
	RetryAfter    string
	// Delay is how long the server takes before it answers.
	Delay time.Duration
	// Cut ends the connection in the middle of the answer, and Fail the stream with an error
	// of that code.
	Cut  bool
	Fail string
	// Thought comes with the answer, as something opaque that the server wants back.
	Thought string
	// SameIndex gives all calls the index 0.
	SameIndex bool
	// Finish is the vendor's own word for the end of the answer; "" makes it up from Stop.
	Finish string
	// Whole has the answer come in one piece, and not as a stream.
	Whole bool
}

// Say is the reply of a text.
func Say(text string) Reply {
	return Reply{Answer: llm.Answer{Text: text, Stop: llm.Ended, Usage: llm.Usage{Input: 100, Output: 10}}}
}

// Use is the reply of calls, each given as name and arguments.
func Use(calls ...string) Reply {
	r := Reply{Answer: llm.Answer{Stop: llm.Calling, Usage: llm.Usage{Input: 100, Output: 10}}}
	for pair := range slices.Chunk(calls, 2) {
		r.Calls = append(r.Calls, llm.Call{Name: pair[0], Arguments: pair[1]})
	}
	return r
}
