package wire

import (
	"encoding/json"
	"testing"
	"time"
)

// Each meta that a recorded Python worker wrote is written here byte by byte.
func TestAMetaIsWrittenAsAPythonWorkerDoes(t *testing.T) {
	for _, line := range lines(t, "metas.jsonl") {
		var m struct {
			Status, Traceback, Name, Worker, Queue string
			Result, Kwargs                         json.RawMessage
			Args                                   []json.RawMessage
			ID                                     string `json:"task_id"`
			Group                                  string `json:"group_id"`
			Parent                                 string `json:"parent_id"`
			Done                                   string `json:"date_done"`
			Children                               [][]json.RawMessage
		}
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		done, _ := time.Parse("2006-01-02T15:04:05", m.Done)
		meta := madeMeta(t, m.ID, m.Status, m.Traceback, m.Result, done).Of(Steps{Group: m.Group, Parent: m.Parent})
		for _, child := range m.Children {
			id, _ := elements(child[0])
			meta.Children = append(meta.Children, Child{ID: text(id[0])})
		}
		got := meta.Extend(Message{Task: m.Name, Args: m.Args, Kwargs: m.Kwargs}, m.Worker, m.Queue).Encode()
		if string(got) != string(line) {
			t.Errorf("wrote %s\nwant  %s", got, line)
		}
		if Final(m.Status) == done.IsZero() {
			t.Errorf("final %v: %s", Final(m.Status), line)
		}
	}
}

// madeMeta makes the meta with the constructor of its state.
func madeMeta(t *testing.T, id, status, traceback string, result json.RawMessage, done time.Time) Meta {
	t.Helper()
	var r struct {
		PID      int
		Hostname string
		Type     string   `json:"exc_type"`
		Messages []string `json:"exc_message"`
		Module   string   `json:"exc_module"`
	}
	_ = json.Unmarshal(result, &r)
	f := Failed{Exception: Exception{r.Type, r.Module}, Messages: r.Messages, Traceback: traceback}
	switch status {
	case Started:
		return MetaStarted(id, r.PID, r.Hostname)
	case Retry:
		return MetaRetry(id, f)
	case Success:
		return MetaSuccess(id, result, done)
	case Failure:
		return MetaFailure(id, f, done)
	case Revoked:
		return MetaRevoked(id, r.Messages[0], done)
	}
	return MetaCustom(id, status, result)
}

func TestAPlainMetaHasNoMoreThanCeleryReads(t *testing.T) {
	const want = `{"status": "SUCCESS", "result": null, "traceback": null, "children": [], "date_done": "2026-11-25T12:00:00", "task_id": "i"}`
	if got := string(MetaSuccess("i", nil, noon).Encode()); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestKeysAreThoseOfCelery(t *testing.T) {
	if key := MetaKey("app:", "i"); key != "app:celery-task-meta-i" {
		t.Error(key)
	}
	want := GroupKeys{"celery-taskset-meta-g", "celery-taskset-meta-g.j", "celery-taskset-meta-g.s", "celery-taskset-meta-g.t"}
	if keys := KeysOfGroup("", "g"); keys != want {
		t.Errorf("%+v", keys)
	}
}

func TestReprsAreThoseOfPython(t *testing.T) {
	for _, line := range lines(t, "reprs.jsonl") {
		var pair struct {
			Value json.RawMessage
			Repr  string
		}
		if err := json.Unmarshal(line, &pair); err != nil {
			t.Fatal(err)
		}
		if got := reprValue(pair.Value); got != pair.Repr {
			t.Errorf("%s: %s, want %s", pair.Value, got, pair.Repr)
		}
	}
	for _, file := range []string{"sent/01-delay.jsonl", "sent/05-priorities.jsonl", "sent/07-chain.jsonl"} {
		m := decoded(t, file)[0]
		if args, kwargs := reprArgs(m.Args), reprKwargs(m.Kwargs); args != m.ArgsRepr || kwargs != m.KwargsRepr {
			t.Errorf("%s: %s %s, want %s %s", file, args, kwargs, m.ArgsRepr, m.KwargsRepr)
		}
	}
}

func TestPartsAreThoseOfPython(t *testing.T) {
	const raw = `[1, "809b07ba", "FAILURE", {"exc_type": "ValueError", "exc_message": ["boom q"], "exc_module": "builtins"}]`
	part, err := DecodePart([]byte(raw))
	if err != nil || string(part.Encode()) != raw || reprException(part.Result) != "ValueError('boom q')" {
		t.Errorf("%s %s, %v", part.Encode(), reprException(part.Result), err)
	}
	for _, raw := range []string{"", "5", "[1]", `[1, 2, "SUCCESS", 3]`, `[1, "a", "SUCCESS", 3`} {
		if part, err := DecodePart([]byte(raw)); err == nil {
			t.Errorf("%s is %+v", raw, part)
		}
	}
}
