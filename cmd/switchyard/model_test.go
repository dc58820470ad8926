package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"switchyard/test/llmtest"
)

// model starts a language model at $MODEL_URL. It searches, thinks about what it finds for as
// long as nothing but a pause or a kill ends it if the file stall is there, and answers. With
// the argument shipped it plays the agents of examples/agents/models.yaml, and with mail one
// that sends a mail and says what came of it.
func model(ts *testscript.TestScript, neg bool, args []string) {
	script := func(a llmtest.Ask) llmtest.Reply {
		if !strings.HasPrefix(a.Last(), "result ") {
			return llmtest.Use("search_documents", `{"words":"tide"}`)
		}
		reply := llmtest.Say("Nothing is new.")
		if exists(ts, "stall") {
			reply.Delay = time.Hour
		}
		return reply
	}
	switch {
	case neg || len(args) > 1 || len(args) == 1 && args[0] != "shipped" && args[0] != "mail":
		ts.Fatalf("usage: model [shipped|mail]")
	case len(args) == 1 && args[0] == "mail":
		script = mailing
	case len(args) == 1:
		script = func(a llmtest.Ask) llmtest.Reply {
			if exists(ts, "away") && !strings.Contains(string(a.Schema), "choices") {
				return llmtest.Reply{Status: 400, Message: "no such model"}
			}
			return shipped(a)
		}
	}
	server, err := llmtest.Start(script)
	ts.Check(err)
	ts.Defer(server.Close)
	ts.Setenv("MODEL_URL", server.URL)
}

// mailing sends a mail, and says how many were sent.
func mailing(a llmtest.Ask) llmtest.Reply {
	_, told, found := strings.Cut(a.Last(), `{"sent":`)
	if !found {
		return llmtest.Use("mail_send", `{"to":"bob"}`)
	}
	number, _, _ := strings.Cut(told, "}")
	return llmtest.Say("sent " + number)
}

var (
	foundID  = regexp.MustCompile(`id (\S+), of 20`)
	wishedID = regexp.MustCompile(`"documents":(\[[^\]]*\])`)
)

// shipped plays an agent, which its schema tells: it searches, reads what it has found or was
// given, and answers of that.
func shipped(a llmtest.Ask) llmtest.Reply {
	all := strings.Join(a.Conversation, "\n")
	var ids []string
	for _, match := range foundID.FindAllStringSubmatch(all, -1) {
		if !slices.Contains(ids, match[1]) {
			ids = append(ids, match[1])
		}
	}
	if wish := wishedID.FindStringSubmatch(all); wish != nil && json.Unmarshal([]byte(wish[1]), &ids) != nil {
		return llmtest.Reply{Status: 400, Message: "what was asked for is no JSON"}
	}
	switch kind := string(a.Schema); {
	case len(ids) == 0 && !strings.HasPrefix(a.Last(), "result "):
		return llmtest.Use("search_documents", `{"words":"lost worker"}`)
	case strings.Contains(kind, "choices"):
		return sayJSON(map[string]any{"choices": []any{map[string]string{"document": ids[0], "why": "It tells what becomes of tasks."}}})
	case !strings.Contains(all, "read_document"):
		return llmtest.Use("read_document", `{"id":"`+ids[0]+`"}`)
	case strings.Contains(kind, "overview"):
		return sayJSON(map[string]any{"overview": "A day of queues.", "items": []any{map[string]string{"document": ids[0], "summary": "Lost tasks run again."}}})
	case !strings.Contains(a.Last(), "does not stand in document"):
		return citing(ids[0], "A lost worker's tasks are lost with it.")
	}
	_, text, _ := strings.Cut(all, `<data source="read_document">`)
	return citing(ids[0], strings.Join(strings.Fields(text)[4:14], " "))
}

func citing(id, quote string) llmtest.Reply {
	return sayJSON(map[string]any{"note": "They run again [1].", "citations": []any{map[string]string{"document": id, "quote": quote}}, "missing": ""})
}

func sayJSON(v any) llmtest.Reply {
	text, err := json.Marshal(v)
	if err != nil {
		return llmtest.Reply{Status: 500, Message: err.Error()}
	}
	return llmtest.Say(string(text))
}
