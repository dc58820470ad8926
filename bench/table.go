package bench

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// WriteTable writes the report for people.
func (r Report) WriteTable(out io.Writer) error {
	redis := r.Machine.Redis
	if redis == "" {
		redis = "of unknown version"
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintf(w, "%s/%s, %d CPUs, %s, Redis %s\n\n", r.Machine.OS, r.Machine.Arch, r.Machine.CPUs, r.Machine.Go, redis)
	_, _ = fmt.Fprintf(w, "\tswitchyard\tasynq\tratio\ttarget\t\n")
	for _, f := range r.Figures {
		ratio := "-"
		if f.Ratio > 0 {
			ratio = number(f.Ratio) + "x"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t(%s is better)\n", f.Label, f.Ours.text(f.Unit), f.Asynq.text(f.Unit), ratio, f.Target.text(f.Unit, f.Better), f.Better)
	}
	_, _ = fmt.Fprintln(w)
	for _, fault := range r.Faults() {
		_, _ = fmt.Fprintf(w, "COUNT OFF: %s\n", fault)
	}
	if len(r.Counts) > 0 && len(r.Faults()) == 0 {
		_, _ = fmt.Fprintf(w, "Every task was handled, none too often, and none was left, in all %d phases.\n", len(r.Counts))
	}
	return w.Flush()
}

// text is the spread for people. The zero value was not measured.
func (s *Spread) text(unit string) string {
	if s == nil {
		return "not available"
	}
	if s.Times == 1 {
		return number(s.Median) + " " + unit
	}
	return fmt.Sprintf("%s %s (%s - %s)", number(s.Median), unit, number(s.Min), number(s.Max))
}

var english = message.NewPrinter(language.English)

// number writes v with about three digits that mean something.
func number(v float64) string {
	switch {
	case v >= 999.5:
		unit := math.Pow(10, math.Floor(math.Log10(v))-2)
		return english.Sprintf("%.0f", math.Round(v/unit)*unit)
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
