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
