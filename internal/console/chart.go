package console

import (
	"strconv"
	"time"

	"switchyard/internal/api"
)

// chart is a table of figures over time, which the page's script draws.
type chart struct {
	Name, Unit string // a unit of "s" is seconds; "" is a number
	Lines      []line
	Rows       []row
}

// line is one of a chart's lines.
type line struct {
	Name, Colour string
	Dashed       bool
}

// row is what a chart shows of a step.
type row struct {
	At    time.Time
	Open  bool // the step is not over: its figures still grow, and are not drawn
	Cells []cell
}

// cell is a value; "" is one that nobody knows.
type cell struct{ Value, Text string }

// drawing is a chart before there are points: its lines, and what each takes from a point.
type drawing struct {
	name, unit string
	lines      []line
	values     func(api.SeriesPoint) []*float64
}

var drawings = []drawing{
	{"Attempts ended", "", []line{{"succeeded", "good", false}, {"retried", "warn", true}, {"dead", "bad", false}, {"other", "idle", true}}, func(p api.SeriesPoint) []*float64 {
		return []*float64{whole(p.Succeeded), whole(p.Retried), whole(p.Dead), whole(p.Other)}
	}},
	{"Waited to begin", "s", []line{{"half waited less", "busy", false}, {"95 of 100 waited less", "warn", true}}, func(p api.SeriesPoint) []*float64 {
		return []*float64{p.WaitP50, p.WaitP95}
	}},
	{"Took", "s", []line{{"half took less", "busy", false}, {"95 of 100 took less", "warn", true}}, func(p api.SeriesPoint) []*float64 {
		return []*float64{p.TookP50, p.TookP95}
	}},
	{"Most that waited and ran", "", []line{{"waiting", "warn", false}, {"running", "busy", true}}, func(p api.SeriesPoint) []*float64 {
		return []*float64{wholeOf(p.Waiting), wholeOf(p.Running)}
	}},
}

func whole(n int64) *float64 { return new(float64(n)) }

func wholeOf(n *int64) *float64 {
	if n == nil {
		return nil
	}
	return whole(*n)
}

func chartsOf(points []api.SeriesPoint) []chart {
	charts := make([]chart, len(drawings))
	for i, d := range drawings {
		charts[i] = chart{Name: d.name, Unit: d.unit, Lines: d.lines}
		for n, p := range points {
			r := row{At: p.At, Open: n == len(points)-1}
			for _, v := range d.values(p) {
				r.Cells = append(r.Cells, cellOf(v, d.unit))
			}
			charts[i].Rows = append(charts[i].Rows, r)
		}
	}
	return charts
}

func cellOf(v *float64, unit string) cell {
	switch {
	case v == nil:
		return cell{Text: "–"}
	case unit == "s":
		return cell{strconv.FormatFloat(*v, 'g', 6, 64), span(*v)}
	}
	return cell{strconv.FormatFloat(*v, 'f', -1, 64), count(int64(*v))}
}

// sums are those of a whole series.
type sums struct{ Succeeded, Retried, Dead, Other int64 }

func sumsOf(points []api.SeriesPoint) (s sums) {
	for _, p := range points {
		s.Succeeded, s.Retried, s.Dead, s.Other = s.Succeeded+p.Succeeded, s.Retried+p.Retried, s.Dead+p.Dead, s.Other+p.Other
	}
	return s
}
