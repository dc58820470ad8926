package switchyard

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAClientSendsLooksAndCancels(t *testing.T) {
	onRedis(t, func(t *testing.T, url string) {
		c := open(t, url, KindOf[note]())
		receipt, err := c.Send(t.Context(), note{"tea"}, Options{ID: "a"})
		if want := (Receipt{Name: Name{"default", "a"}, Kind: "note"}); err != nil || receipt != want {
			t.Fatalf("receipt %v, %v, want %v", receipt, err, want)
		}
		if again, err := c.Send(t.Context(), note{"tea"}, Options{ID: "a"}); err != nil || !again.Duplicate {
			t.Errorf("sent again: %v, %v, want a duplicate", again, err)
		}
		s, err := c.Status(t.Context(), receipt.Name)
		if err != nil || s.State != StateWaiting || s.Kind != "note" || string(s.Payload) != `{"text":"tea"}` || s.Retries != 3 {
			t.Errorf("status %+v, %v", s, err)
		}
		if err := c.Cancel(t.Context(), receipt.Name, "no tea"); err != nil {
			t.Fatal(err)
		}
		s, err = c.Wait(t.Context(), receipt.Name)
		if err != nil || s.State != StateCancelled || !strings.HasSuffix(s.LastError, ": no tea") {
			t.Errorf("status %+v, %v, want cancelled", s, err)
		}
		if err := s.DecodeResult(new(string)); err == nil || err.Error() != "task default/a is cancelled: "+s.LastError {
			t.Errorf("result: %v", err)
		}
	})
}

func TestATaskThatIsNotThereIsNotFound(t *testing.T) {
	onRedis(t, func(t *testing.T, url string) {
		c := open(t, url)
		nobody := Name{"default", "nobody"}
		_, looked := c.Status(t.Context(), nobody)
		_, waited := c.Wait(t.Context(), nobody)
		for does, err := range map[string]error{"status": looked, "wait": waited, "cancel": c.Cancel(t.Context(), nobody, "")} {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", does, err)
			}
		}
	})
}

func TestARefusedTaskIsPermanentAndOneWithoutRedisIsNot(t *testing.T) {
	onRedis(t, func(t *testing.T, url string) {
		c := open(t, url, KindOf[note]())
		for want, args := range map[string]Args{
			`note: field "text" is empty: say something`:                   note{},
			"args are nil: give the args of a kind":                        nil,
			`note: unknown field "words": remove it or check its spelling`: Raw{"note", []byte(`{"words": 3}`)},
		} {
			if _, err := c.Send(t.Context(), args, Options{}); !IsPermanent(err) || err.Error() != want {
				t.Errorf("error %v, want a permanent one: %s", err, want)
			}
		}
		_ = c.Close()
		if _, err := c.Send(t.Context(), note{"tea"}, Options{}); err == nil || IsPermanent(err) {
			t.Errorf("without Redis: %v, want an error that is not permanent", err)
		}
	})
}

func TestManyTasksAreSentAndARefusedOneStopsNone(t *testing.T) {
	onRedis(t, func(t *testing.T, url string) {
		c := open(t, url, KindOf[note]())
		soon := time.Now().Add(time.Hour)
		sent := c.SendMany(t.Context(), []ToSend{
			{Args: note{"a"}, Options: Options{ID: "a"}}, {}, {Args: note{}}, {Args: note{"b"}, Options: Options{ID: "b", At: soon}},
		})
		if len(sent) != 4 || sent[0].Err != nil || !IsPermanent(sent[1].Err) || !IsPermanent(sent[2].Err) || sent[3].Err != nil {
			t.Fatalf("sent %+v", sent)
		}
		for i, want := range map[int]State{0: StateWaiting, 3: StateScheduled} {
			if s, err := c.Status(t.Context(), sent[i].Receipt.Name); err != nil || s.State != want {
				t.Errorf("task %d is %s, %v, want %s", i, s.State, err, want)
			}
		}
	})
}

func TestAClientIsNotOpenedWithoutRedis(t *testing.T) {
	if _, err := Open(t.Context(), Config{Redis: "redis://127.0.0.1:1"}); err == nil || !strings.HasPrefix(err.Error(), "open client: ") {
		t.Errorf("error %v", err)
	}
}
