package llm

import (
	"encoding/json"
	"strings"
)

// The marks between which models think whose server has no field for that.
const (
	thinkBegin = "<think>"
	thinkEnd   = "</think>"
)

// withoutThoughts returns a text without what the model thinks in front of it. Some servers
// begin inside the thoughts, so that only their end is marked. Thoughts that do not end are
// all there is.
func withoutThoughts(text string) string {
	if rest, thought := behindThoughts(text); thought {
		return rest
	}
	before, rest, ended := strings.Cut(text, thinkEnd)
	if !ended || isQuoting(before) || json.Valid([]byte(text)) {
		return text
	}
	rest, _ = behindThoughts(rest)
	return rest
}

// behindThoughts returns what stands behind the thoughts that a text begins with, and whether
// there are any.
func behindThoughts(text string) (rest string, thought bool) {
	for {
		text = strings.TrimSpace(text)
		thoughts, begun := strings.CutPrefix(text, thinkBegin)
		if !begun {
			return text, thought
		}
		_, text, _ = strings.Cut(thoughts, thinkEnd)
		thought = true
	}
}

// isQuoting reports whether a text talks about the mark that follows it, and has not come to
// the end of thoughts.
func isQuoting(before string) bool {
	return strings.HasSuffix(before, "`") || strings.HasSuffix(before, `"`) || strings.HasSuffix(before, "'") || strings.Contains(before, thinkBegin)
}

// teller passes on the pieces of a text as they come, without thoughts in front of it that are
// marked at both ends.
type teller struct {
	told    func(piece string)
	held    strings.Builder // what may still be thoughts
	thought bool            // there were some
	past    bool            // the text has begun
}

// say passes on a piece.
func (t *teller) say(piece string) {
	if piece == "" {
		return
	}
	if t.past {
		t.told(piece)
		return
	}
	t.held.WriteString(piece)
	held := strings.TrimLeft(t.held.String(), " \t\r\n")
	if strings.HasPrefix(held, thinkBegin) {
		// The end of the thoughts is in the piece, or ends in it.
		recent := held[max(len(thinkBegin), len(held)-len(piece)-len(thinkEnd)):]
		if _, rest, ended := strings.Cut(recent, thinkEnd); ended {
			t.held.Reset()
			t.thought = true
			t.say(rest)
		}
		return
	}
	if !strings.HasPrefix(thinkBegin, held) {
		t.past = true
		if !t.thought {
			held = t.held.String() // with the space in front
		}
		t.told(held)
	}
}
