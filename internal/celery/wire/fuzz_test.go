package wire

import (
	"errors"
	"os"
	"reflect"
	"testing"
)

// FuzzDecode reads any bytes: what is read is written and read again without a change.
func FuzzDecode(f *testing.F) {
	files, err := os.ReadDir("testdata/sent")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		f.Add(lines(f, "sent/"+file.Name())[0])
	}
	for _, line := range lines(f, "compressed.jsonl") {
		f.Add(line)
	}
	for _, c := range refusals {
		f.Add(c.raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Decode(raw, 1<<16, noon)
		if err != nil {
			if refused := (*Refused)(nil); !errors.As(err, &refused) || refused.Reason == "" || refused.Exception.Type == "" {
				t.Fatalf("refused with %#v", err)
			}
			return
		}
		_ = m.Strict()
		unchanged(t, m)
	})
}

// unchanged says that a message, once written, stays what it is.
func unchanged(t *testing.T, m Message) {
	t.Helper()
	once := again(t, m)
	if twice := again(t, once); !reflect.DeepEqual(once, twice) {
		t.Fatalf("read %+v\nagain %+v", once, twice)
	}
	once.Protocol, once.ArgsRepr, once.KwargsRepr, once.Root, once.CorrelationID, once.DeliveryTag = m.Protocol, m.ArgsRepr, m.KwargsRepr, m.Root, m.CorrelationID, m.DeliveryTag
	if m.Args == nil {
		once.Args = nil
	}
	if !reflect.DeepEqual(once, m) {
		t.Fatalf("read %+v\nagain %+v", m, once)
	}
}

// FuzzCanvas ends a task with any canvas: there is a plan, the same one each time, and a
// worker can read each message of it.
func FuzzCanvas(f *testing.F) {
	files, err := os.ReadDir("testdata/canvas")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		for _, s := range recording(f, "canvas/"+file.Name()).messages {
			raw, _ := s.Message.Steps().MarshalText()
			f.Add(raw, "[1]")
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, result string) {
		var steps Steps
		if steps.UnmarshalText(raw) != nil || valid([]byte(result)) != nil {
			return
		}
		for _, outcome := range []Outcome{succeeded(result), failed(result), {State: Revoked, Result: []byte(result), At: noon}} {
			plan, err := End(steps, outcome)
			again, _ := End(kept(t, steps), outcome)
			if !reflect.DeepEqual(plan, again) {
				t.Fatalf("planned %+v\nagain %+v", plan, again)
			}
			if err == nil && !reflect.DeepEqual(plan.Outcome, outcome) {
				t.Fatalf("the outcome became %+v", plan.Outcome)
			}
			follow := plan.Sends
			for _, part := range plan.Parts {
				body, _ := Body(part, []Part{part}, nil, noon)
				follow = append(follow, body.Sends...)
			}
			for _, s := range follow {
				unchanged(t, s.Message)
			}
		}
	})
}
