package format_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/test/redistest"
)

func TestAMessageOfAsynqsClientIsReadAndWrittenAsAsynqDoes(t *testing.T) {
	client := redistest.Client(t, redistest.Server(t).Addr)
	foreign := asynq.NewClientFromRedisClient(client)
	deadline := time.Now().Add(time.Hour).Truncate(time.Second)
	task := asynq.NewTaskWithHeaders("agent_a", []byte(`{"a":1}`), map[string]string{"one": "1"})
	if _, err := foreign.Enqueue(task, asynq.Queue("agents"), asynq.TaskID("x"), asynq.MaxRetry(7), asynq.Timeout(90*time.Second),
		asynq.Deadline(deadline), asynq.Unique(time.Minute), asynq.Retention(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	text := stored(t, client)
	m, err := format.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	want := &format.Message{
		Kind: "agent_a", Payload: []byte(`{"a":1}`), ID: "x", Queue: "agents", Retry: 7, Timeout: 90, Deadline: deadline.Unix(),
		UniqueKey: format.LockKey("agents", "agent_a", []byte(`{"a":1}`)), Retention: 7200, Headers: map[string]string{"one": "1"},
	}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("read %+v, want %+v", m, want)
	}
	if again := m.Encode(); !bytes.Equal(again, []byte(text)) {
		t.Errorf("written %q, asynq wrote %q", again, text)
	}
}

func stored(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	text, err := client.HGet(t.Context(), format.TaskKey("agents", "x"), "msg").Result()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatIsAppendedToAMessageIsItsLastError(t *testing.T) {
	m := format.Message{Kind: "agent_a", ID: "x", Queue: "agents", Error: "first", LastFailedAt: 1}
	got, err := format.Decode(string(m.Encode()) + string(format.Failed("second", 2)))
	if err != nil || got.Error != "second" || got.LastFailedAt != 2 {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestFieldsOfALaterVersionAreKept(t *testing.T) {
	const later = "\xa2\x06\x03abc" // field 100
	m, err := format.Decode("\x0a\x01k" + later + "\x1a\x01x")
	if err != nil || m.Kind != "k" || m.ID != "x" {
		t.Fatalf("read %+v, %v", m, err)
	}
	if got := string(m.Encode()); got != "\x0a\x01k\x1a\x01x"+later {
		t.Errorf("written %q", got)
	}
}

func FuzzDecodeNeverPanicsAndKeepsWhatItReads(f *testing.F) {
	for _, seed := range []string{"", "\x12\xff\xff", "\x0a\x01k", "\x7a\x06\x0a\x01a\x12\x01b", "not a message", "\x0a\x02\xff\xfe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := format.Decode(text)
		if err != nil {
			return
		}
		again, err := format.Decode(string(m.Encode()))
		if err != nil || !bytes.Equal(again.Encode(), m.Encode()) {
			t.Errorf("%q is read as %+v, and again as %+v, %v", text, m, again, err)
		}
	})
}
