// Package progress shows on a terminal how far a command has come.
package progress

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bar shows on a terminal how far a phase has come, and nothing elsewhere. It is
// safe for concurrent use.
type Bar struct {
	out   *os.File
	shown bool

	mu    sync.Mutex
	phase string
	bar   *progressbar.ProgressBar
}

// New returns a bar on out, which is standard error as a rule.
func New(out *os.File) *Bar {
	return &Bar{out: out, shown: term.IsTerminal(int(out.Fd()))}
}

// Show shows that done of total are done in a phase. A new phase gets a new bar.
func (p *Bar) Show(phase string, done, total int) {
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

// Clear removes the bar.
func (p *Bar) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clearBar()
}

func (p *Bar) clearBar() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
