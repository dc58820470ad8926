package bench

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestCommandsAreCountedAsSentAndAsPerformed(t *testing.T) {
	client := redistest.Client(t, redistest.Server(t).Addr)
	r, err := newRun(small(client, Pickup))
	if err != nil {
		t.Fatal(err)
	}
	work := func() {
		_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			p.Ping(t.Context())
			p.Eval(t.Context(), `redis.call("SET", KEYS[1], 1); redis.call("DEL", KEYS[1]); return 1`, []string{"a"})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		work() // the first ones open connections, which takes commands too
	}
	before, err := r.commands(t.Context())
	if err != nil || before.servers != 1 {
		t.Fatalf("%+v (%v), want the count of one server", before, err)
	}
	sentBefore := r.sent.commands.Load()
	work()
	if sent := r.sent.commands.Load() - sentBefore; sent != 2 {
		t.Errorf("%d commands sent, want a ping and a script", sent)
	}
	after, err := r.commands(t.Context())
	if performed := after.total - before.total - before.servers; err != nil || performed != 4 {
		t.Errorf("%d commands performed (%v), want those and the two inside the script", performed, err)
	}
}

func TestAFieldOfInfoIsFoundByItsWholeName(t *testing.T) {
	info := "# Stats\r\nio_total_commands_processed:1\r\ntotal_commands_processed:42\r\n"
	if got, ok := field(info, "total_commands_processed"); got != "42" || !ok {
		t.Errorf("field %q, %v, want 42", got, ok)
	}
	if got, ok := field(info, "commands"); ok {
		t.Errorf("field commands is %q, want none", got)
	}
}
