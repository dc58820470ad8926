package llm

// spoken returns the turns as they are sent. An answer with neither text nor calls is left
// out, since vendors refuse it, and what the user says before and after it becomes one turn.
// One that was paused is sent as it came: the model goes on with it.
func (r Request) spoken() []Turn {
	var turns []Turn
	for _, t := range r.Turns {
		if t.Answer != nil && t.Answer.Empty() && t.Answer.Stop != Paused {
			continue
		}
		if last := len(turns) - 1; t.User != "" && last >= 0 && turns[last].User != "" {
			turns[last].User += "\n\n" + t.User
			continue
		}
		turns = append(turns, t)
	}
	return turns
}
