package agents

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/internal/corpus"
	"switchyard/internal/tasks"
	"switchyard/test/llmtest"
)

// citing returns an answer with a citation for each pair of document and quote.
func citing(t *testing.T, pairs ...string) string {
	t.Helper()
	answer := struct {
		Note      string     `json:"note"`
		Citations []Citation `json:"citations"`
	}{Note: "It was high.", Citations: []Citation{}}
	for pair := range slices.Chunk(pairs, 2) {
		answer.Citations = append(answer.Citations, Citation{pair[0], pair[1]})
	}
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// newCiting returns a study of an agent that cites and gives these answers.
func newCiting(t *testing.T, answers ...string) *study {
	t.Helper()
	s := newStudy(t, func(a llmtest.Ask) llmtest.Reply { return llmtest.Say(answers[turn(a)-1]) })
	s.definition.Citations, s.definition.Tools = true, []string{readTool}
	s.definition.Schema = map[string]any{"type": "object", "properties": map[string]any{"citations": map[string]any{"type": "array"}}, "required": []any{"citations"}}
	return s
}

func TestEachCitationIsCheckedAgainstItsDocument(t *testing.T) {
	s := newCiting(t,
		citing(t, "tides", "the lowest in thirty years", "gulls", "all the gulls had gone", "tides", "years"),
		citing(t, "tides", "highest in  thirty years,\nthey say", "bread", "“Flour, water and salt"),
		citing(t, "tides", "highest in  thirty years,\nthey say", "bread", "Flour, water and salt"),
	)
	brief, err := s.attempt(t.Context(), 1)
	if err != nil || !strings.Contains(string(brief.Output), "It was high.") {
		t.Fatalf("%+v, %v", brief, err)
	}
	if want := []Source{{"tides", "Tides", "https://example.org/tides"}, {"bread", "Bread", "https://example.org/bread"}}; !slices.Equal(brief.Sources, want) {
		t.Errorf("sources %+v, want %+v", brief.Sources, want)
	}
	asked := s.server.Asked()
	for i, want := range map[int][]string{
		1: {`citation 1: the quote "the lowest in thirty years" does not stand in document tides`, `citation 2: there is no document "gulls"`, `citation 3: the quote "years" is too short`},
		2: {`citation 2: the quote "“Flour`},
	} {
		for _, part := range want {
			if !strings.Contains(asked[i].Last(), part) {
				t.Errorf("the model was told %q, want %q", asked[i].Last(), part)
			}
		}
	}
	if strings.Contains(asked[2].Last(), "citation 1") {
		t.Errorf("a good citation is found fault with: %q", asked[2].Last())
	}
	s.library.asked.empty = true // the documents' time is over
	again, err := s.attempt(t.Context(), 2)
	if err != nil || !slices.Equal(again.Sources, brief.Sources) || len(s.server.Asked()) != 3 {
		t.Errorf("replayed: %+v, %v, %d requests", again, err, len(s.server.Asked()))
	}
}

func TestAnAnswerThatCitesWhatIsNotThereIsNoResult(t *testing.T) {
	wrong := citing(t, "tides", "the lowest in thirty years")
	if brief, err := newCiting(t, wrong, wrong, wrong).attempt(t.Context(), 1); !tasks.IsPermanent(err) || fmt.Sprint(err) != `the model's answer is not what the agent's definition asks for: citation 1: the quote "the lowest in thirty years" does not stand in document tides: quote word for word and without gaps, or leave it out` {
		t.Errorf("%+v, %v", brief, err)
	}
	odd := `{"citations":["tides"]}`
	if brief, err := newCiting(t, odd, odd, odd).attempt(t.Context(), 1); !tasks.IsPermanent(err) || fmt.Sprint(err) != `the model's answer is not what the agent's definition asks for: its citations are not objects with document and quote: give each as {"document": "...", "quote": "..."}` {
		t.Errorf("%+v, %v", brief, err)
	}
	if brief, err := newCiting(t, citing(t)).attempt(t.Context(), 1); err != nil || len(brief.Sources) > 0 {
		t.Errorf("an answer that cites nothing: %+v, %v", brief, err)
	}
}

func TestQuotesAreComparedByTheirWords(t *testing.T) {
	text := plainWords("The harbour\u00a0master said:\n\u201cA co\u00adoperation\u2014at last.\u201d")
	for quote, fits := range map[string]bool{
		`The harbour master said: "A cooperation-at last."`: true,
		"the harbour master said":                           false, // the case of letters counts
		"The harbour … said: “A":                            false, // and so do gaps
	} {
		if fault := (Citation{"d", quote}).fault(text); (fault == "") != fits {
			t.Errorf("%q: %q, want it to fit: %v", quote, fault, fits)
		}
	}
}

func TestASearchKnowsTheNewestAndWhatIsNewSince(t *testing.T) {
	now := noon.Add(time.Hour)
	for arguments, want := range map[string]struct {
		since time.Time
		ids   string
	}{
		`{"words":"bread"}`:                               {now.Add(-searchSpan), "bread"},
		`{"since":"2030-06-01T00:00:00Z"}`:                {noon.Add(-12 * time.Hour), "tides bread"},
		`{"words":"tide","since":"2020-01-01T00:00:00Z"}`: {now.Add(-searchSpan), "tides"},
		`{"words":" ","limit":1}`:                         {now.Add(-searchSpan), "tides"},
		`{"words":"zeppelins"}`:                           {now.Add(-searchSpan), ""},
	} {
		l := library{&asked{}}
		tool := Toolbox{Documents: l, Corpus: corpus.New(), Now: func() time.Time { return now }}.Tools()["search_documents"]
		found, err := tool.Call(t.Context(), Run{}, "1", json.RawMessage(arguments))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for line := range strings.Lines(found) {
			var id string
			if n, _ := fmt.Sscanf(line, "id %s of", &id); n == 1 {
				ids = append(ids, strings.TrimSuffix(id, ","))
			}
		}
		if strings.Join(ids, " ") != want.ids || !l.asked.since.Load().Equal(want.since) {
			t.Errorf("%s found %q since %s, want %q since %s", arguments, ids, l.asked.since.Load(), want.ids, want.since)
		}
	}
	if _, err := (Toolbox{Documents: library{&asked{}}, Now: time.Now}).Tools()["search_documents"].Call(t.Context(), Run{}, "1", json.RawMessage(`{"since":"yesterday"}`)); fmt.Sprint(err) != `payload: "yesterday" is no time: give one such as 2030-06-01T09:00:00Z` {
		t.Errorf("a since that is no time: %v", err)
	}
}
