package agents

import "switchyard/internal/llm"

// droppedResult stands where a tool's result was for which there is no more room.
const droppedResult = "(dropped: the conversation had become too long)"

// withoutOldest returns turns without the n oldest results of tools, and false if there are
// no more than that.
func withoutOldest(turns []llm.Turn, n int) ([]llm.Turn, bool) {
	shorter := make([]llm.Turn, len(turns))
	results := 0
	for i, turn := range turns {
		shorter[i] = turn
		shorter[i].Results = append([]llm.Result(nil), turn.Results...)
		results += len(turn.Results)
	}
	if n > results {
		return nil, false
	}
	drop(shorter, n)
	return shorter, true
}

// drop takes the n oldest results of tools out of turns.
func drop(turns []llm.Turn, n int) {
	for i := range turns {
		for j := range turns[i].Results {
			if n == 0 {
				return
			}
			turns[i].Results[j].Text = droppedResult
			n--
		}
	}
}
