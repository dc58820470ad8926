package routing

import (
	"fmt"
	"strings"

	"switchyard/internal/tasks"
)

// Explain says in plain text where the tasks of kind go and why: every rule asked in order, the
// one that won, and where the policy came from. user is whose tasks they are, "" for nobody's.
func (t *Table) Explain(kind, user string) (string, error) {
	route, err := t.RouteFor(kind, user)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> queue %s\n\nrules asked, in order:\n", kind, route.Queue)
	wins := t.match(kind, user)
	for i, r := range t.rules[:wins+1] {
		origin, verdict := "built in", "no match"
		if i < t.own {
			origin = "configured"
		}
		if r.share.given {
			origin += ", " + r.Share + " of users"
		}
		switch {
		case i == wins:
			verdict = "wins"
		case tasks.Covers(r.Pattern, kind):
			verdict = "the user is not among them"
		}
		fmt.Fprintf(&b, "  %2d. %-20s -> %-12s (%s) %s\n", i+1, r.Pattern, r.Queue, origin, verdict)
	}
	own := "none of its own"
	if _, ok := t.kinds[kind]; ok {
		own = "then the kind's own"
	}
	p := route.Policy
	fmt.Fprintf(&b, "\npolicy (the default, then the rule's, %s):\n", own)
	fmt.Fprintf(&b, "  retries      %d, %s apart at first, growing with jitter\n", p.Retries, p.RetryDelay)
	fmt.Fprintf(&b, "  losses       run again after the loss of its worker %d times at most\n", p.Losses)
	fmt.Fprintf(&b, "  soft limit   %s\n  hard limit   %s\n  result kept  %s\n", p.SoftLimit, p.HardLimit, p.Retention)
	if p.Unique > 0 {
		fmt.Fprintf(&b, "  unique for   %s\n", p.Unique)
	}
	return b.String(), nil
}
