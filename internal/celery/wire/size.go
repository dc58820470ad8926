package wire

// The sizes here are those of what is written, but for names and punctuation: they bound a
// plan before anything of it is written.

func (o Object) size() int {
	sum := 0
	for _, m := range o {
		sum += len(m.Name) + len(m.Value)
	}
	return sum
}

func (s Signature) size() int {
	const rest = 120
	sum := rest + len(s.Task) + len(s.Kwargs) + s.Options.size() + s.Extra.size()
	for _, arg := range s.Args {
		sum += len(arg)
	}
	return sum
}

func (n *node) size() int {
	sum := n.sig.size() + n.header.size()
	for _, task := range n.tasks {
		sum += task.size()
	}
	if n.body != nil {
		sum += n.body.size()
	}
	return sum
}

func (m Message) size() int {
	sum := Signature{Task: m.Task, Args: m.Args, Kwargs: m.Kwargs, Extra: m.Extra}.size()
	for _, sigs := range [][]Signature{m.Callbacks, m.Errbacks, m.Chain} {
		for _, sig := range sigs {
			sum += sig.size()
		}
	}
	if m.Chord != nil {
		sum += m.Chord.size()
	}
	return sum
}
