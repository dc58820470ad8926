package series

import "time"

// tally is what is counted of a queue and not known to be in Redis.
type tally struct {
	counts  vector // since the last flush
	changed bool

	waiting []batch // closed, and never sent: one for each minute
	sending []batch // sent, and perhaps in Redis: they stay as they are
	number  int64   // of the latest batch
}

// batch is what was counted between two flushes, or within a minute of more of them.
type batch struct {
	number int64
	since  time.Time // when the first flush had closed it
	counts vector
}

// close ends what is counted now, as a batch, and drops what is too old. It reports whether there is
// anything to send.
func (t *tally) close(now time.Time) bool {
	if t.changed {
		last := len(t.waiting) - 1
		if last < 0 || now.Sub(t.waiting[last].since) >= time.Minute {
			t.number++
			t.waiting = append(t.waiting, batch{number: t.number, since: now})
			last++
		}
		t.waiting[last].counts.add(&t.counts)
		t.counts, t.changed = vector{}, false
	}
	t.waiting, t.sending = young(t.waiting, now), young(t.sending, now)
	return len(t.waiting)+len(t.sending) > 0
}

// young returns the batches that are not too old, the oldest first.
func young(all []batch, now time.Time) []batch {
	for len(all) > 0 && now.Sub(all[0].since) > keptFor {
		all = all[1:]
	}
	return all
}

// toSend returns what is to be sent next.
func (t *tally) toSend() []batch {
	if len(t.sending) == 0 {
		t.sending, t.waiting = t.waiting, nil
	}
	return t.sending
}
