package bench

import (
	"strings"
	"testing"
)

func TestAFigureIsHeldAgainstItsTarget(t *testing.T) {
	for want, f := range map[string]Figure{
		"<= 1 ms, met":           {ID: "pickup.p50", Unit: "ms", Better: "lower", Ours: once(1), Asynq: once(500)},
		"<= 1 ms, missed":        {ID: "pickup.p50", Unit: "ms", Better: "lower", Ours: once(1.01), Asynq: once(500)},
		">= 3x, met":             {ID: "drain.10", Unit: "tasks/s", Better: "higher", Ours: once(3000), Asynq: once(1000)},
		">= 5x, missed":          {ID: "drain.64", Unit: "tasks/s", Better: "higher", Ours: once(3000), Asynq: once(1000)},
		"<= 12 connections, met": {ID: "connections.idle", Unit: "connections", Better: "lower", Ours: once(12)},
	} {
		var r Report
		r.add(f)
		if got := r.Figures[0].Target.text(f.Unit, f.Better); got != want {
			t.Errorf("%s: target %q, want %q", f.ID, got, want)
		}
	}
}

func TestAFigureWithoutWhatItsTargetIsAboutHasNone(t *testing.T) {
	for name, f := range map[string]Figure{
		"no ratio":     {ID: "drain.10", Unit: "tasks/s", Better: "higher", Ours: once(3000)},
		"not measured": {ID: "pickup.p50", Unit: "ms", Better: "lower", Asynq: once(500)},
		"no target":    {ID: "drain.3", Unit: "tasks/s", Better: "higher", Ours: once(3000), Asynq: once(1000)},
	} {
		var r Report
		r.add(f)
		var out strings.Builder
		if err := r.WriteTable(&out); err != nil {
			t.Fatal(err)
		}
		if r.Figures[0].Target != nil || strings.Contains(out.String(), "met") || strings.Contains(out.String(), "missed") {
			t.Errorf("%s: target %+v in\n%s", name, r.Figures[0].Target, out.String())
		}
	}
}

func TestRedissTimeIsAddedUpFromWhatItSays(t *testing.T) {
	stats := "# Commandstats\r\ncmdstat_evalsha:calls=2,usec=100,usec_per_call=50.00,rejected_calls=0\r\ncmdstat_client|list:calls=1,usec=7,usec_per_call=7.00\r\nnonsense:usec=5\r\n"
	if got := commandTime(stats); got != 107 {
		t.Errorf("%v µs of commands, want 107", got)
	}
	if got := processorTime("# CPU\r\nused_cpu_sys:1.5\r\nused_cpu_user:0.25\r\nused_cpu_sys_children:9\r\n"); got != 1.75e6 {
		t.Errorf("%v µs of the processor, want 1750000", got)
	}
}
