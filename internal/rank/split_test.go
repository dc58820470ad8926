package rank

import (
	"slices"
	"testing"
)

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

func TestNoSentenceEndsAfterAnAbbreviation(t *testing.T) {
	for _, c := range []struct {
		language, text string
		want           []string
	}{
		{"en", "Dr. Smith met Mr. J. Jones in the U.S. Senate. They spoke.", []string{"Dr. Smith met Mr. J. Jones in the U.S. Senate.", "They spoke."}},
		{"en", "It closed at 5 p.m. on Monday. Prices rose.", []string{"It closed at 5 p.m. on Monday.", "Prices rose."}},
		{"en", "They left on Sept. 3. Nobody saw them.", []string{"They left on Sept. 3.", "Nobody saw them."}},
		{"de", "Am 3. Oktober kam Dr. Meier, z. B. Mit Kuchen. Alle aßen.", []string{"Am 3. Oktober kam Dr. Meier, z. B. Mit Kuchen.", "Alle aßen."}},
		{"fr", "Voici M. Dupont et Mme. Curie. Bonjour.", []string{"Voici M. Dupont et Mme. Curie.", "Bonjour."}},
		{"en", "Cars fill the L.A. Auto Show. D.C. is next.", []string{"Cars fill the L.A. Auto Show.", "D.C. is next."}},
		{"xx", "One. Two.", []string{"One.", "Two."}},
	} {
		if got := slices.Collect(sentences(c.text, c.language)); !slices.Equal(got, c.want) {
			t.Errorf("%q has %q, want %q", c.text, got, c.want)
		}
	}
}

func TestAnExtractBeginsWhereASentenceDoes(t *testing.T) {
	text := Text{Language: "en", Body: "…and so the queue was emptied by the workers of the night.\nwhich the queue has had since the workers came to empty it.\n“Queues are emptied by workers,” the keeper of them all has said."}
	got := Sentences(text, []string{"queue"}, 3)
	if want := []string{"“Queues are emptied by workers,” the keeper of them all has said."}; !slices.Equal(got, want) {
		t.Errorf("sentences %q, want %q", got, want)
	}
}

func TestAnExtractHasWholeSentencesThatSayMoreThanTheTitle(t *testing.T) {
	text := Text{Title: "The queue of the night is emptied by its workers.", Language: "en", Body: `The queue of the night is emptied by its workers.
The queues of the night that workers empty: the dates
Two queues were emptied by the workers of the night,...
Workers have emptied the queue that was left over from the day before.`}
	if got, want := Sentences(text, []string{"queue"}, 3), []string{"Workers have emptied the queue that was left over from the day before."}; !slices.Equal(got, want) {
		t.Errorf("sentences %q, want %q", got, want)
	}
	text.Body = "The queues of the night that workers empty, without any mark at all"
	if got := Sentences(text, []string{"queue"}, 3); len(got) != 1 {
		t.Errorf("a text without marks has the sentences %q, want its line", got)
	}
}
