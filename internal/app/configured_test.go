package app

import (
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/config"
	"switchyard/internal/roster"
	"switchyard/internal/schedule"
	"switchyard/test/redistest"
)

// openFile opens a system whose configuration file has entries of an owner, by ID and spec.
func openFile(t *testing.T, url, owner string, specs map[string]string) (*System, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	s := openOn(t, url, zap.New(core))
	s.Config.Scheduler.Owner = owner
	s.Config.Schedule = map[string]config.Entry{}
	for id, spec := range specs {
		s.Config.Schedule[id] = config.Entry{Spec: spec, Kind: "agent_scout", Payload: map[string]any{"user": "ada"}}
	}
	return s, logs
}

// synced brings the file of a system into the schedule.
func (s *System) synced(t *testing.T) *configured {
	t.Helper()
	file, err := s.configured(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := file.sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAnEntryOfAnotherOwnerIsSaidAndHoldsUpNoOther(t *testing.T) {
	url := "redis://" + redistest.Server(t).Addr
	blue, _ := openFile(t, url, "", map[string]string{"both": "@daily", "blue": "@daily"})
	green, logs := openFile(t, url, "green", map[string]string{"both": "@hourly", "green": "@daily"})
	blue.synced(t)
	green.synced(t)
	refused := logs.FilterMessage("an entry of the configuration is not scheduled").All()
	if len(refused) != 1 || !strings.HasPrefix(refused[0].ContextMap()["error"].(string), "entry both is from another place, the configuration file of switchyard/0: ") {
		t.Errorf("said %v", logs.All())
	}
	for id, want := range map[string]string{"both": "switchyard/0", "blue": "switchyard/0", "green": "green"} {
		if r, err := green.Schedule.Get(t.Context(), id); err != nil || r.Entry.ConfiguredBy != want {
			t.Errorf("%s is in the file of %q, %v; want %q", id, r.Entry.ConfiguredBy, err, want)
		}
	}
}

func TestWhatAFileHasNoMoreIsRemovedAndSaid(t *testing.T) {
	url := "redis://" + redistest.Server(t).Addr
	first, _ := openFile(t, url, "", map[string]string{"stays": "@daily", "goes": "@daily"})
	first.synced(t)
	second, logs := openFile(t, url, "", map[string]string{"stays": "@daily"})
	second.synced(t)
	lines := logs.FilterMessage("entries removed: they are not in the configuration any more").All()
	if len(lines) != 1 || lines[0].ContextMap()["removed"] != int64(1) {
		t.Errorf("said %v", logs.All())
	}
	if entries, _, err := second.Schedule.List(t.Context(), schedule.Filter{}, ""); err != nil || len(entries) != 1 {
		t.Errorf("%d entries, %v; want one", len(entries), err)
	}
}

func TestTwoFilesOfOneOwnerThatDisagreeAreSaidOnce(t *testing.T) {
	url := "redis://" + redistest.Server(t).Addr
	s, logs := openFile(t, url, "blue", map[string]string{"a": "@daily"})
	file := s.synced(t)
	for owner, specs := range map[string]map[string]string{"blue": {"a": "@hourly"}, "green": {"a": "@yearly"}, "": {}} {
		other, _ := openFile(t, url, owner, specs)
		theirs, err := other.configured(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lists(t, other, scheduling(theirs))
	}
	lists(t, s, scheduling(file))
	for range 2 {
		if err := file.compare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	said := logs.FilterMessageSnippet("another scheduler has other entries in its configuration").All()
	if len(said) != 1 || said[0].ContextMap()["owner"] != "blue" {
		t.Errorf("said %v, want one line about the other file of blue", said)
	}
}

// scheduling is the record of a scheduler with a configuration file.
func scheduling(file *configured) roster.Record {
	return roster.Record{Roles: []string{roleScheduler}, Status: roster.Status{Schedule: new(file.record())}}
}
