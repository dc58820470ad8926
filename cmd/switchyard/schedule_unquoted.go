package main

import (
	"context"
	"fmt"
	"strings"

	"switchyard/internal/calendar"
)

// mostWords is how many words a spec has at most that somebody types without quotes.
const mostWords = 7

// checkQuotes reports arguments of schedule add that a shell has made of a spec without
// quotes. words are all that follow the entry's ID.
func checkQuotes(words []string, left []string) error {
	spec := words[0]
	if isSpec(spec) {
		if len(left) > 0 {
			return fmt.Errorf("unexpected argument %q: the payload is one argument: put it in single quotes", left[0])
		}
		return nil
	}
	for n := 2; n <= min(mostWords, len(words)); n++ {
		if joined := strings.Join(words[:n], " "); isSpec(joined) {
			return fmt.Errorf("spec %q is a part of one (did you mean '%s'?): put the spec in quotes", spec, joined)
		}
	}
	if !strings.Contains(strings.TrimSpace(spec), " ") && len(left) > 0 {
		return fmt.Errorf("spec %q is a part of one: put the spec in quotes, as in '30 8 * * *': a shell takes * for the names of files", spec)
	}
	return nil // what is wrong with it the entry's own check says
}

func isSpec(text string) bool {
	_, err := calendar.Parse(calendar.NewBudget(context.Background()), text, calendar.Options{})
	return err == nil
}
