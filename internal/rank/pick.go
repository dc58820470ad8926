package rank

// maxPassed is how many texts are told that match and were not chosen.
const maxPassed = 5

// perSource is how many of so many texts may come from one source, while others have some.
func perSource(limit int) int { return max(2, (limit+3)/4) }

// pick fills a selection from candidates, the best first: each story once, and of each source no
// more than its part. What a source has beyond that takes the places that are left over.
func (r Reader) pick(s *Selection, candidates []candidate) {
	told, of := map[string]bool{}, map[string]int{}
	var beyond []candidate
	for _, c := range candidates {
		if c.text.Story != "" && told[c.text.Story] {
			s.Repeated++
			continue
		}
		if c.text.Story != "" {
			told[c.text.Story] = true
		}
		if len(s.Choices) < r.Limit && of[c.text.Source] < perSource(r.Limit) {
			of[c.text.Source]++
			s.Choices = append(s.Choices, r.explained(c))
			continue
		}
		beyond = append(beyond, c)
	}
	for _, c := range beyond {
		switch {
		case len(s.Choices) < r.Limit:
			s.Choices = append(s.Choices, r.explained(c))
		case len(s.Passed) < maxPassed:
			s.Passed = append(s.Passed, r.explained(c))
		}
	}
}

func (r Reader) explained(c candidate) Choice {
	c.choice.Why = r.why(c)
	return c.choice
}
