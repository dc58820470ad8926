package main

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows on a terminal how far a phase has come, and nothing elsewhere. It is
// safe for concurrent use.
type progress struct {
	out   *os.File
	shown bool

	mu    sync.Mutex
	phase string
	bar   *progressbar.ProgressBar
}

func newProgress(out *os.File) *progress {
	return &progress{out: out, shown: term.IsTerminal(int(out.Fd()))}
}

// show shows that done of total are done in a phase. A new phase gets a new bar.
func (p *progress) show(phase string, done, total int) {
	if !p.shown {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if phase != p.phase {
		p.clearBar()
		p.phase, p.bar = phase, progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(phase),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(false))
	}
	_ = p.bar.Set(min(done, total)) // a terminal that is gone is not worth the figures
}

// clear removes the bar.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clearBar()
}

func (p *progress) clearBar() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
