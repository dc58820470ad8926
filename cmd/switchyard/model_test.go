package main

import (
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"switchyard/internal/llm/llmtest"
)

// model starts a language model at $MODEL_URL. It searches, thinks about what it finds for as
// long as nothing but a pause or a kill ends it if the file stall is there, and answers.
func model(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: model")
	}
	server, err := llmtest.Start(func(a llmtest.Ask) llmtest.Reply {
		if !strings.HasPrefix(a.Last(), "result ") {
			return llmtest.Use("search_documents", `{"words":"tide"}`)
		}
		reply := llmtest.Say("Nothing is new.")
		if exists(ts, "stall") {
			reply.Delay = time.Hour
		}
		return reply
	})
	ts.Check(err)
	ts.Defer(server.Close)
	ts.Setenv("MODEL_URL", server.URL)
}
