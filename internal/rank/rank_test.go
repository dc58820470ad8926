package rank

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var texts = []Text{
	{ID: "queues", Title: "How queues work", Body: "A queue holds tasks. Workers take tasks from the queue and run them.", Language: "en"},
	{ID: "cooking", Title: "Bread", Body: "Flour, water, salt. Knead the dough and wait while you queue for butter.", Language: "en"},
	{ID: "german", Title: "Warteschlangen", Body: "Eine Warteschlange hält Aufgaben, bis ein Arbeiter sie nimmt.", Language: "de"},
	{ID: "other", Title: "Gardens", Body: "Roses and tulips.", Language: "en"},
}

func ids(choices []Choice) string {
	var out []string
	for _, c := range choices {
		out = append(out, c.ID)
	}
	return strings.Join(out, " ")
}

func TestTheTextThatIsAboutTheTopicComesFirstAndOthersNotAtAll(t *testing.T) {
	for topics, want := range map[string]string{
		"queues":         "queues cooking",
		"queueing tasks": "queues cooking", // other forms of the words
		"tulip":          "other",
		"warteschlange":  "german",
		"submarines":     "",
		"and the of":     "", // in every text, and about nothing
		"!!!":            "",
	} {
		if got := ids(Rank([]string{topics}, texts)); got != want {
			t.Errorf("%q chooses %q, want %q", topics, got, want)
		}
	}
}

func TestWithoutTopicsEveryTextIsChosenInItsOrder(t *testing.T) {
	if got := ids(Rank(nil, texts)); got != "queues cooking german other" {
		t.Errorf("chosen: %s", got)
	}
}

func TestAChoiceSaysWhyItWasMade(t *testing.T) {
	c := Rank([]string{"roses", "queue"}, texts)
	why := map[string]string{}
	for _, x := range c {
		why[x.ID] = x.Why()
	}
	for id, want := range map[string]string{
		"queues":  `"queue" 3 times, also in the title`,
		"cooking": `"queue" once, in the text`,
		"other":   `"roses" once, in the text`,
	} {
		if why[id] != want {
			t.Errorf("%s: %s, want %s", id, why[id], want)
		}
	}
	if got := (Choice{}).Why(); got == "" {
		t.Error("a choice without topics says nothing")
	}
}

func TestSentencesSayWhatATextIsAbout(t *testing.T) {
	text := Text{Title: "Rescue", Language: "en", Body: `Welcome to our page, and do have a look around it today.
A rescuer moves lost tasks back to their queue within seconds.
The weather was mild on the day when this page was written.
Too short.
A task that was lost twice goes to the dead letter instead of being rescued.
A rescuer moves lost tasks back to their queue within seconds.`}
	got := Sentences(text, []string{"lost tasks"}, 2)
	want := []string{
		"A rescuer moves lost tasks back to their queue within seconds.",
		"A task that was lost twice goes to the dead letter instead of being rescued.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("sentences %q, want %q", got, want)
	}
	if got := Sentences(Text{}, nil, 3); len(got) != 0 {
		t.Errorf("an empty text has sentences %q", got)
	}
}

func FuzzRankingIsTotal(f *testing.F) {
	f.Add("queue", "A title", "Some body. With sentences that are long enough to be read on their own!", "en")
	f.Add("\xff", "\x00", strings.Repeat("a. ", 100), "xx-YY")
	f.Fuzz(func(t *testing.T, topic, title, body, language string) {
		text := Text{ID: "x", Title: title, Body: body, Language: language}
		for _, c := range Rank([]string{topic}, []Text{text, text}) {
			if c.Score <= 0 || c.Why() == "" {
				t.Fatalf("choice %+v", c)
			}
		}
		for _, s := range Sentences(text, []string{topic}, 3) {
			if len(s) < minSentence || len(s) > maxSentence || utf8.ValidString(body) && !utf8.ValidString(s) {
				t.Fatalf("sentence %q", s)
			}
		}
	})
}

func TestAMatchSaysWhichWordsCountedForHowMuch(t *testing.T) {
	text := Text{ID: "a", Title: "Queues", Language: "en", Body: "A task waits in its queue until a worker is free to run it.\nWorkers take tasks from the queue, one task at a time, in order.\nRoses are red, and violets are blue, as everybody knows."}
	all := []Text{text, {ID: "b", Title: "Roses", Language: "en", Body: "A rose is a rose."}}
	choices := Rank([]string{"task queue", "roses"}, all)
	c := Explain(choices[slices.IndexFunc(choices, func(c Choice) bool { return c.ID == text.ID })], text)
	sum := 0.0
	for _, m := range c.Matches {
		sum += m.Share
		if m.Share <= 0 || m.Share > 1 {
			t.Errorf("%s has the share %v", m.Topic, m.Share)
		}
	}
	if len(c.Matches) != 2 || sum < 0.999 || sum > 1.001 {
		t.Fatalf("matches %+v, shares of %v together", c.Matches, sum)
	}
	queue, roses := c.Matches[0], c.Matches[1]
	if fmt.Sprint(queue.Words) != "[{task 3 1} {queue 3 1}]" || queue.Quote != "A task waits in its queue until a worker is free to run it." {
		t.Errorf("the topic %q: %v, quoting %q", queue.Topic, queue.Words, queue.Quote)
	}
	if fmt.Sprint(roses.Words) != "[{rose 1 2}]" || roses.Quote != "Roses are red, and violets are blue, as everybody knows." {
		t.Errorf("the topic %q: %v, quoting %q", roses.Topic, roses.Words, roses.Quote)
	}
}
