package door

import "testing"

// plain is what most applications have: one database for all.
var plain = form{broker: "0", backend: "0"}

func TestAnUnchangedApplicationIsServed(t *testing.T) {
	for name, f := range map[string]form{
		"one database":       plain,
		"databases and keys": {broker: "2", backend: "3", prefix: true, extended: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, f)
			r.worker(onDuty)
			r.celery(2)
			r.judge(t, "basic,time,end,revoke,canvas,control,python,zz")
		})
	}
}

func TestPrioritiesAreServedInTheirOrder(t *testing.T) {
	f := plain
	f.slots = 1
	r := newRig(t, f)
	r.worker(onDuty)
	r.judge(t, "slot")
}
