package lane

import "context"

// slots run attempts on goroutines that they keep until a context ends. Decoding a payload
// takes a deep stack: on a new goroutine for each short task, growing it was a tenth of
// the worker's time. How many attempts run at once is not decided here but by how many tasks
// are taken.
type slots struct {
	attempts chan *attempt
	perform  func(*attempt)
	end      context.Context
}

func newSlots(end context.Context, perform func(*attempt)) *slots {
	return &slots{attempts: make(chan *attempt), perform: perform, end: end}
}

// start runs a at once, on a goroutine that is free or a new one.
func (s *slots) start(a *attempt) {
	select {
	case s.attempts <- a:
	default:
		go s.work(a)
	}
}

func (s *slots) work(a *attempt) {
	for {
		s.perform(a)
		select {
		case a = <-s.attempts:
		case <-s.end.Done():
			return
		}
	}
}
