package rank

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var (
	now     = time.Date(2030, 6, 12, 8, 0, 0, 0, time.UTC) // a Wednesday
	morning = now.Add(-2 * time.Hour)
)

var texts = []Text{
	{ID: "queues", Title: "How queues work", Body: "A queue holds tasks. Workers take tasks from the queue and run them.", Language: "en", Published: morning},
	{ID: "cooking", Title: "Bread", Body: "Flour, water, salt. Knead the dough and wait while you queue for butter.", Language: "en", Published: morning},
	{ID: "german", Title: "Warteschlangen", Body: "Eine Warteschlange hält Aufgaben, bis ein Arbeiter sie nimmt.", Language: "de", Published: morning},
	{ID: "other", Title: "Gardens", Body: "Roses and tulips.", Language: "en", Published: morning},
}

func reader(topics ...string) Reader { return Reader{Topics: topics, Now: now, Limit: 10} }

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
		"queueing tasks": "queues", // other forms of the words, and both of them
		"tulip":          "other",
		"warteschlange":  "german",
		"submarines":     "",
		"and the of":     "", // in every text, and about nothing
		"!!!":            "",
	} {
		if got := ids(Select(reader(topics), texts).Choices); got != want {
			t.Errorf("%q chooses %q, want %q", topics, got, want)
		}
	}
}

func TestATopicIsReadByTheRulesOfTheReadersLanguage(t *testing.T) {
	german := Text{ID: "d", Title: "Open and Close", Body: "Das Konzert hieß Open and Close, und viele kamen.", Language: "de", Published: morning}
	music := Text{ID: "m", Title: "Rock and roll lebt", Body: "Der Rock and Roll ist zurück in den Clubs.", Language: "de", Published: morning}
	if got := ids(Select(reader("rock and roll"), []Text{german, music}).Choices); got != "m" {
		t.Errorf("rock and roll chooses %q, want m: and is a stop word of the topic's language", got)
	}
	r := reader("Häuser und Wohnungen")
	r.Languages = []string{"de"}
	housing := Text{ID: "h", Title: "Teure Wohnung", Body: "Ein Haus oder eine Wohnung kostet mehr als je zuvor.", Language: "de", Published: morning}
	if got := ids(Select(r, []Text{housing, german}).Choices); got != "h" {
		t.Errorf("Häuser und Wohnungen chooses %q, want h: Haus and Wohnung are forms of its words", got)
	}
}

func TestOneWordOfATopicIsAnotherTopic(t *testing.T) {
	far := strings.Repeat("Nothing of this matters to anybody who reads along here today. ", 10)
	for name, c := range map[string]struct {
		body string
		want string
	}{
		"both words together": {"The bank left interest rates as they were.", "x"},
		"one of them":         {"A resting heart rate of sixty is a good rate for most.", ""},
		"far apart":           {"Interest in the play was great. " + far + "The rate of visitors fell.", ""},
		"in another order":    {"Rates of interest rose.", "x"},
	} {
		s := Select(reader("interest rate"), []Text{{ID: "x", Title: "News", Body: c.body, Language: "en", Published: morning}})
		if got := ids(s.Choices); got != c.want {
			t.Errorf("%s: chosen %q, want %q", name, got, c.want)
		}
	}
	long := Text{ID: "x", Title: "News", Body: "The European bank left key interest rates alone.", Language: "en", Published: morning}
	if got := ids(Select(reader("european central bank interest rates"), []Text{long}).Choices); got != "x" {
		t.Errorf("four words of five choose %q, want x", got)
	}
}

func TestATopicOfStopWordsIsANameInATitle(t *testing.T) {
	s := Select(reader("The Who"), []Text{
		{ID: "band", Title: "The Who are back", Body: "On tour again.", Language: "en", Published: morning},
		{ID: "doctors", Title: "Those who heal", Body: "The doctor who came. It is the who of it.", Language: "en", Published: morning},
		{ID: "part", Title: "The Whole Story", Body: "All of it.", Language: "en", Published: morning},
	})
	if got := ids(s.Choices); got != "band" {
		t.Errorf("The Who chooses %q, want band", got)
	}
}

func TestScriptsWithoutSpacesAreCompared(t *testing.T) {
	s := Select(reader("半導体", "ปลาทู"), []Text{
		{ID: "chips", Title: "半導体の輸出", Body: "半導体の輸出が増えた。", Language: "ja", Published: morning},
		{ID: "half", Title: "半分の体", Body: "導く半分の体。", Language: "ja", Published: morning},
	})
	if got := ids(s.Choices); got != "chips" {
		t.Errorf("chosen %q, want chips: one character of a word is no word", got)
	}
}

func TestAReaderGetsTextsInTheirLanguagesAndNoOldOnes(t *testing.T) {
	r := reader("queues", "Warteschlange")
	r.Languages, r.MaxAge = []string{"de-CH"}, 7*24*time.Hour
	old, unknown := texts[2], texts[0]
	old.ID, old.Published = "old", now.Add(-3*365*24*time.Hour)
	old.Seen = morning // fetched today, and not new for that
	unknown.ID, unknown.Language = "unknown", ""
	s := Select(r, append([]Text{old, unknown}, texts...))
	if got := ids(s.Choices); got != "german unknown" && got != "unknown german" {
		t.Errorf("chosen %q, want german and unknown", got)
	}
	if s.Foreign != 3 || s.Old != 1 || s.Unmatched != 0 {
		t.Errorf("%d foreign, %d old, %d unmatched, want 3, 1, 0", s.Foreign, s.Old, s.Unmatched)
	}
}

func TestAmongEqualsTheNewerComesFirst(t *testing.T) {
	aged := func(id string, days int) Text {
		return Text{ID: id, Title: "Queues", Body: "A queue.", Language: "en", Published: now.AddDate(0, 0, -days), Source: id}
	}
	s := Select(reader("queue"), []Text{aged("week", 6), aged("today", 0), aged("yesterday", 1)})
	if got := ids(s.Choices); got != "today yesterday week" {
		t.Errorf("chosen %q", got)
	}
	if s := Select(reader(), []Text{aged("week", 6), aged("today", 0)}); ids(s.Choices) != "today week" {
		t.Errorf("without topics chosen %q", ids(s.Choices))
	}
}

func TestNoSourceAndNoStoryFillsABriefing(t *testing.T) {
	var all []Text
	add := func(id, source, story, title string) {
		all = append(all, Text{ID: id, Source: source, Story: story, Title: title, Body: "A queue.", Language: "en", Published: morning})
	}
	for i := range 6 {
		add(fmt.Sprintf("loud%d", i), "loud", "", "Queue, queue, queue")
	}
	add("quiet1", "quiet", "s1", "Queue")
	add("quiet2", "copy", "s1", "Queue")
	add("quiet3", "other", "s2", "Queue")
	r := reader("queue")
	r.Limit = 5
	s := Select(r, all)
	if got := ids(s.Choices); got != "loud0 loud1 quiet1 quiet3 loud2" {
		t.Errorf("chosen %q, want two of the loud source, each story once, and the place left over filled", got)
	}
	if s.Repeated != 1 || ids(s.Passed) != "loud3 loud4 loud5" {
		t.Errorf("%d repeated, passed %q", s.Repeated, ids(s.Passed))
	}
}

func TestAReasonIsTrueAndSaysWhatIsNew(t *testing.T) {
	body := "Workers take tasks from a queue. " + strings.Repeat("They are run in order, one after the other, until none is left to run. ", 6) + "Then the queue is empty."
	tell := func(published, seen time.Time, title string, topics ...string) string {
		r := reader(topics...)
		r.Zone = time.FixedZone("UTC+2", 2*3600)
		s := Select(r, []Text{{ID: "x", Title: title, Body: body, Language: "en", Published: published, Seen: seen}})
		return s.Choices[0].Why
	}
	day := now.Truncate(24 * time.Hour)
	behind := Select(Reader{Now: now, Zone: time.FixedZone("UTC-5", -5*3600), Limit: 1}, []Text{{ID: "x", Title: "A day alone", Body: body, Language: "en", Published: day.AddDate(0, 0, -1)}})
	for got, want := range map[string]string{
		behind.Choices[0].Why:                                            "published yesterday",
		tell(morning, now, "Queues", "queue"):                            "published today, on queue: in the title and in 2 passages",
		tell(now.Add(-11*time.Hour), now, "Work", "queue", "task"):       "published yesterday, on queue and task: in 2 passages",
		tell(now.AddDate(0, 0, -3), now, "Work", "tasks"):                "published on Sunday, on tasks: in one passage",
		tell(time.Time{}, now.Add(-9*time.Hour), "Empty", "empty queue"): "found today, on empty queue: in one passage",
		tell(now.AddDate(0, 0, -30), now, "A"):                           "published on 13 May 2030",
	} {
		if got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
}

func TestAnAnalysisThatWasKeptServesAnyReader(t *testing.T) {
	kept := slices.Clone(texts)
	for i, text := range kept {
		kept[i].Analysis = Analyse(text.Title, text.Body, text.Language)
		kept[i].Body = ""
	}
	if got := ids(Select(reader("queues"), kept).Choices); got != "queues cooking" {
		t.Errorf("chosen %q", got)
	}
}

func TestAMatchSaysWhichWordsCountedForHowMuch(t *testing.T) {
	text := Text{ID: "a", Title: "Queues", Language: "en", Published: morning, Body: "A task waits in its queue until a worker is free to run it.\nWorkers take tasks from the queue, one task at a time, in order.\nRoses are red, and violets are blue, as everybody knows."}
	all := []Text{text, {ID: "b", Title: "Roses", Language: "en", Body: "A rose is a rose.", Published: morning}}
	choices := Select(reader("task queue", "roses"), all).Choices
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

func FuzzRankingIsTotal(f *testing.F) {
	f.Add("queue", "A title", "Some body. With sentences that are long enough to be read on their own!", "en")
	f.Add("\xff", "\x00", strings.Repeat("a. ", 100), "xx-YY")
	f.Add("半導体", "半", "導体半導体", "ja")
	f.Fuzz(func(t *testing.T, topic, title, body, language string) {
		text := Text{ID: "x", Title: title, Body: body, Language: language, Published: morning}
		for _, c := range Select(reader(topic), []Text{text, text}).Choices {
			if !(c.Score > 0) || c.Why == "" {
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
