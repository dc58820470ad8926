package agents

import (
	"encoding/json"
	"reflect"
	"testing"

	"switchyard/internal/journal"
	"switchyard/internal/llm"
)

func TestATranscriptHasWhatTheModelSaidAndTheToolsAnswered(t *testing.T) {
	steps := []journal.Step{
		{Name: "describe web/search", State: journal.Done, Result: json.RawMessage(`{"name":"search"}`)},
		{Name: "model 1", State: journal.Done, Result: json.RawMessage(`{"answer":{"text":"I look.","calls":[{"id":"c1","name":"search","arguments":"{}"}],"stop":"end","usage":{"input":7,"output":2},"model":"m"}}`)},
		{Name: "tool 1.1 search", State: journal.Done, Result: json.RawMessage(`{"text":"nothing","failed":true}`)},
		{Name: "tool 1.2 pay", State: journal.Rejected, Result: json.RawMessage(`"not paid"`)},
		{Name: "tool 1.3 pay", State: journal.Begun},
		{Name: "model 2", State: journal.Done, Result: json.RawMessage(`{"answer":{"text":"There is nothing.","stop":"end","usage":{"input":9,"output":4},"model":"m"}}`)},
	}
	want := []Message{
		{Step: "model 1", Text: "I look.", Calls: []llm.Call{{ID: "c1", Name: "search", Arguments: "{}"}}},
		{Step: "tool 1.1 search", Tool: "search", Text: "nothing", Failed: true},
		{Step: "tool 1.2 pay", Tool: "pay", Text: `"not paid"`},
		{Step: "model 2", Text: "There is nothing."},
	}
	if got := Transcript(steps); !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if got := Transcript([]journal.Step{{Name: "tool 1 x", State: journal.Done, Result: json.RawMessage(`{"text":"x"}`)}}); got != nil {
		t.Errorf("a run without a model has %+v", got)
	}
}
