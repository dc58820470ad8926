package wire

// Child is a task or a group in Celery's results. A client follows it.
type Child struct {
	ID string
	// Parent is what it follows, if that is told.
	Parent *Child
	// Group has the members of a group; nil for a task.
	Group []Child
}

func (c Child) append(to []byte) []byte {
	to = append(append(append(to, "[["...), quote(c.ID)...), ", "...)
	if c.Parent != nil {
		to = c.Parent.append(to)
	} else {
		to = append(to, "null"...)
	}
	to = append(to, "], "...)
	if c.Group == nil {
		return append(to, "null]"...)
	}
	return append(appendChildren(to, c.Group), ']')
}

func appendChildren(to []byte, children []Child) []byte {
	to = append(to, '[')
	for i, c := range children {
		if i > 0 {
			to = append(to, ", "...)
		}
		to = c.append(to)
	}
	return append(to, ']')
}
