package faults

import "testing"

func TestASlowNetworkOnlyCostsTime(t *testing.T) {
	t.Parallel()
	redis := server(t)
	network := newNetwork(t, redis.Addr)
	r := newRig(t, 2, "redis://"+redis.Addr, network.url())
	network.add(toxic{Name: "there", Type: "latency", Stream: "upstream", Toxicity: 1, Attributes: map[string]any{"latency": 30, "jitter": 25}})
	network.add(toxic{Name: "back", Type: "latency", Stream: "downstream", Toxicity: 1, Attributes: map[string]any{"latency": 60, "jitter": 55}})

	r.send(either(2000, 300))

	if sum := r.finish(); sum.begins != sum.tasks {
		t.Errorf("%d begins of %d tasks", sum.begins, sum.tasks)
	}
}

func TestConnectionsCutInTheMiddleOfAReplyLoseNothing(t *testing.T) {
	t.Parallel()
	redis := server(t)
	network := newNetwork(t, redis.Addr)
	r := newRig(t, 2, "redis://"+redis.Addr, network.url())
	n, times := either(4000, 500), either(30, 6)

	r.send(n)
	for i := range times {
		r.awaitDone(n * (i + 1) / (times + 2))
		network.add(r.drawCut())
		r.awaitDone(n*(i+1)/(times+2) + n/(times+2)/4)
		network.heal()
	}

	if sum := r.finish(); sum.begins != sum.tasks {
		t.Errorf("%d begins of %d tasks, although no lease can have run out", sum.begins, sum.tasks)
	}
}

// drawCut draws a fault that cuts connections in the middle of what Redis answers:
// after so many bytes, or at any byte with a reset.
func (r *rig) drawCut() toxic {
	if r.random.IntN(2) == 0 {
		return toxic{Name: "cut", Type: "limit_data", Stream: "downstream", Toxicity: 1,
			Attributes: map[string]any{"bytes": 500 + r.random.IntN(5000)}}
	}
	return toxic{Name: "cut", Type: "reset_peer", Stream: "downstream", Toxicity: 0.3,
		Attributes: map[string]any{"timeout": r.random.IntN(200)}}
}
