package redbeat

import (
	"strings"
	"testing"

	"switchyard/internal/schedule"
)

// TestBrokenEntriesSayWhy moves entries that somebody broke. Each says why it cannot move.
func TestBrokenEntriesSayWhy(t *testing.T) {
	const last = "2026-11-25T19:23:44+01:00"
	crontab := `{"__type__": "crontab", "minute": 0, "hour": 8}`
	definition := func(rest string) Stored {
		return Stored{Name: "x", Definition: `{"name": "x", "task": "app.scrape_page", "schedule": ` + crontab + rest + `}`}
	}
	due := func(schedule string) Stored { return scheduled("x", schedule, last) }
	meta := func(text string) Stored {
		s := due(crontab)
		s.Meta = text
		return s
	}
	rule := func(parts string) Stored {
		return due(`{"__type__": "rrule", "freq": 3, "dtstart": 1767598200, "dtstart_tz": 60.0` + parts + `}`)
	}
	for name, c := range map[string]struct {
		stored Stored
		why    string
	}{
		"no JSON":                {Stored{Name: "x", Definition: `{"name": NaN`}, "definition is not JSON"},
		"two values":             {Stored{Name: "x", Definition: `{} {}`}, "definition has more after its JSON value"},
		"a list":                 {Stored{Name: "x", Definition: `["x"]`}, `definition is ["x"] and not an object`},
		"null":                   {Stored{Name: "x", Definition: `null`}, "definition is null and not an object"},
		"deep":                   {Stored{Name: "x", Definition: strings.Repeat(`[`, 200_000)}, "definition is not JSON"},
		"no name":                {Stored{Name: "x", Definition: `{"task": "t"}`}, "definition: name is missing: it has to be a string"},
		"another name":           {Stored{Name: "y", Definition: `{"name": "x", "task": "t"}`}, `definition: name is "x", and not that of its key`},
		"a number as task":       {Stored{Name: "x", Definition: `{"name": "x", "task": 5}`}, "definition: task is 5: it has to be a string"},
		"an unknown member":      {definition(`, "zone": "UTC"`), `definition: "zone" is not known`},
		"enabled as a text":      {definition(`, "enabled": "no"`), `definition: enabled is "no": it has to be true or false`},
		"no schedule":            {Stored{Name: "x", Definition: `{"name": "x", "task": "app.scrape_page"}`}, "definition: schedule is missing"},
		"a number as schedule":   {Stored{Name: "x", Definition: `{"name": "x", "task": "app.scrape_page", "schedule": 30}`}, "definition: schedule is 30: it has to be an object"},
		"a solar schedule":       {due(`{"__type__": "solar", "event": "sunset"}`), `schedule is {"__type__":"solar","event":"sunset"}: it has to be a crontab, an interval or an rrule`},
		"kwargs as a list":       {definition(`, "kwargs": [1]`), "kwargs is [1]: it has to be an object"},
		"args as an object":      {definition(`, "args": {"a": 1}`), `args is {"a":1}: it has to be a list`},
		"options as a text":      {definition(`, "options": "x"`), `options is "x": it has to be an object`},
		"positional arguments":   {definition(`, "args": [1, 2]`), "args has 2 positional arguments and 0 of them have names"},
		"a crontab as argument":  {definition(`, "kwargs": {"when": [` + crontab + `]}`), "kwargs.when[0] is a crontab, which JSON cannot say"},
		"no such date":           {definition(`, "kwargs": {"d": {"__type__": "datetime", "year": 2026, "month": 2, "day": 30}}`), "is no date and time"},
		"no such zone":           {definition(`, "kwargs": {"d": {"__type__": "datetime", "year": 2026, "month": 2, "day": 3, "timezone": "Mars/Olympus"}}`), `zone "Mars/Olympus" is not a time zone`},
		"an offset out of range": {definition(`, "kwargs": {"d": {"__type__": "datetime", "year": 2026, "month": 2, "day": 3, "timezone": 1e9}}`), "timezone is 1e9"},
		"another task follows":   {definition(`, "options": {"link": {"task": "t"}}`), "option link sends another task afterwards"},
		"expires as a text":      {definition(`, "options": {"expires": "soon"}`), `option expires is "soon"`},
		"expires never":          {definition(`, "options": {"expires": 1e400}`), "option expires is 1e400"},
		"an unknown task":        {Stored{Name: "x", Definition: `{"name": "x", "task": "app.tasks.Crawl", "schedule": ` + crontab + `}`}, "task app.tasks.Crawl is no kind here: say which it is with --map app.tasks.Crawl=KIND, or name it in celery.kinds"},
		"a task to obey":         {Stored{Name: "x", Definition: `{"name": "x", "task": "\u001b[2J", "schedule": ` + crontab + `}`}, `task "\x1b[2J" is no kind here`},

		"meta is a list":         {meta(`[]`), "meta is [] and not an object"},
		"last run as a text":     {meta(`{"last_run_at": "now"}`), `last_run_at is "now": it has to be an object`},
		"last run to come":       {meta(`{"last_run_at": ` + datetime(noon.AddDate(1, 0, 0)) + `}`), "meta: last_run_at is 2027-11-25T20:00:00Z: it has to be past"},
		"last run before Redis":  {meta(`{"last_run_at": ` + datetime(mustTime("0001-01-02T00:00:00Z")) + `}`), "meta: last_run_at is 0001-01-02T00:00:00Z"},
		"last run is a schedule": {meta(`{"last_run_at": ` + crontab + `}`), "is not a datetime of RedBeat's"},

		"hour 24":               {due(`{"__type__": "crontab", "hour": 24}`), "crontab: hour 24 is not valid: it has to be in 0-23"},
		"hour 8.0":              {due(`{"__type__": "crontab", "hour": 8.0}`), "crontab: hour 8.0 is not valid"},
		"hour true":             {due(`{"__type__": "crontab", "hour": true}`), "crontab: hour true is not valid"},
		"hour null":             {due(`{"__type__": "crontab", "hour": null}`), "crontab: hour null is not valid"},
		"an empty list":         {due(`{"__type__": "crontab", "hour": []}`), "crontab: hour is an empty list"},
		"an empty text":         {due(`{"__type__": "crontab", "hour": ""}`), `crontab: hour "" is not valid`},
		"a step of zero":        {due(`{"__type__": "crontab", "hour": "*/0"}`), `crontab: hour "*/0" is not valid`},
		"a step of a value":     {due(`{"__type__": "crontab", "hour": "5/2"}`), `crontab: hour "5/2" is not valid`},
		"a step out of range":   {due(`{"__type__": "crontab", "hour": "*/99999999999999999999"}`), `is not valid`},
		"two dashes":            {due(`{"__type__": "crontab", "hour": "1-5-7"}`), `crontab: hour "1-5-7" is not valid`},
		"day 7 of the week":     {due(`{"__type__": "crontab", "day_of_week": "7"}`), `crontab: day_of_week "7" is not valid: it has to be in 0-6`},
		"the name of a month":   {due(`{"__type__": "crontab", "month_of_year": "jan"}`), `crontab: month_of_year "jan" is not valid`},
		"a day that never is":   {due(`{"__type__": "crontab", "minute": 0, "hour": 0, "day_of_month": 30, "month_of_year": 2}`), "entry x: spec"},
		"a member of a crontab": {due(`{"__type__": "crontab", "tz": "UTC"}`), `crontab: "tz" is not known`},

		"an interval of zero":      {due(`{"__type__": "interval", "every": 0, "relative": false}`), "interval: every is 0: it has to be a number of seconds, from 1 to 31622400"},
		"an interval of centuries": {due(`{"__type__": "interval", "every": 1e300, "relative": true}`), "interval: every is 1e300"},
		"an interval as a text":    {due(`{"__type__": "interval", "every": "5", "relative": false}`), `interval: every is "5"`},
		"relative as a number":     {due(`{"__type__": "interval", "every": 5, "relative": 1}`), "interval: relative is 1: it has to be true or false"},

		"a frequency 7":             {due(`{"__type__": "rrule", "freq": 7, "dtstart": 0}`), "rrule: freq is 7"},
		"no start":                  {due(`{"__type__": "rrule", "freq": 3}`), "rrule: dtstart is missing"},
		"a start as a text":         {due(`{"__type__": "rrule", "freq": 3, "dtstart": "now"}`), `rrule: dtstart is "now": it has to be a whole number`},
		"a start out of range":      {due(`{"__type__": "rrule", "freq": 3, "dtstart": 999999999999999}`), "rrule: dtstart is 999999999999999"},
		"a start in year 9999":      {due(`{"__type__": "rrule", "freq": 3, "dtstart": 253402300799}`), "entry x: spec"},
		"an offset of days":         {due(`{"__type__": "rrule", "freq": 3, "dtstart": 0, "dtstart_tz": 5000}`), "rrule: dtstart_tz is 5000"},
		"an offset at no hour":      {due(`{"__type__": "rrule", "freq": 3, "dtstart": 1767598200, "dtstart_tz": 330, "byhour": 3}`), "rrule: dtstart_tz is +05:30: no time zone stays at this offset"},
		"a day 7":                   {rule(`, "byweekday": [7]`), "rrule: byweekday is 7: it has to be a day from 0, Monday, to 6, Sunday"},
		"a day as a text":           {rule(`, "byweekday": "MO"`), `rrule: byweekday is "MO"`},
		"days of both kinds":        {due(`{"__type__": "rrule", "freq": 1, "dtstart": 0, "byweekday": [0, {"__type__": "weekday", "wkday": 4, "n": 1}]}`), "has days with a number and without"},
		"no hours":                  {rule(`, "byhour": []`), "rrule: byhour is an empty list"},
		"an hour 25":                {rule(`, "byhour": [25]`), "BYHOUR"},
		"an hour as a text":         {rule(`, "byhour": "8"`), `rrule: byhour is "8": it has to be whole numbers`},
		"an interval of zero, rule": {rule(`, "interval": 0`), "INTERVAL"},
		"a count of zero":           {rule(`, "count": 0`), "COUNT"},
		"counted and until":         {rule(`, "count": 5, "until": 1798761600`), "COUNT and UNTIL"},
		"a member of a rule":        {rule(`, "exdate": 5`), `rrule: "exdate" is not known`},
		"more than a spec holds":    {rule(`, "byminute": [` + strings.Repeat("1,", 5000) + `1]`), "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			m := NewMover(options(t)).Move(t.Context(), c.stored)
			if m.Verdict != Cannot || m.Why == nil || !strings.Contains(m.Why.Error(), c.why) {
				t.Errorf("it %s: %v, want that it cannot move: %s", m.Verdict, m.Why, c.why)
			}
			if m.Entry.ID != "" || !m.Next.IsZero() {
				t.Errorf("it leaves an entry behind: %+v", m)
			}
		})
	}
}

// TestEverythingInTheWayIsNamed has an entry name all that it fails at.
func TestEverythingInTheWayIsNamed(t *testing.T) {
	s := Stored{Name: "x", Definition: `{"name": "x", "task": "nope", "schedule": {"__type__": "crontab", "hour": 99}, "options": {"link": 1, "expires": 0}}`}
	got := strings.Split(text(NewMover(options(t)).Move(t.Context(), s).Why), "\n")
	want := []string{
		"crontab: hour 99 is not valid: it has to be in 0-23, alone, in a list, or in a text such as 2,4 or 2-4 or */2",
		"task nope is no kind here: say which it is with --map nope=KIND, or name it in celery.kinds",
		"option expires is 0: it has to be a number of seconds, from 1 to 31622400, or a datetime",
		"option link sends another task afterwards: have the handler send it",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("why is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestOneBrokenEntryStopsNoOther moves a good entry among broken ones.
func TestOneBrokenEntryStopsNoOther(t *testing.T) {
	good := scheduled("good", `{"__type__": "crontab", "minute": 0, "hour": 8}`, "2026-11-25T19:23:44+01:00")
	all := NewMover(options(t)).MoveAll(t.Context(), []Stored{{Name: "z"}, good, {Name: "a", Definition: "{"}, {Name: "lock", Foreign: "it is a lock"}})
	var got []string
	for _, m := range all {
		got = append(got, m.From+" "+string(m.Verdict))
	}
	if text := strings.Join(got, ", "); text != "a cannot move, good moves with a change, lock is left out, z cannot move" {
		t.Errorf("moves are %s", text)
	}
}

// TestNamesBecomeIDs gives each name an ID of its own that can be read.
func TestNamesBecomeIDs(t *testing.T) {
	seen := make(map[string]string)
	for _, name := range []string{
		"nightly", "a:b@c", "", " ", "é", "日本", "a b", "a  b", "a/b", "A b", "-x", ".x", "x\x00y", "\xff\xfe", strings.Repeat("x", 128), strings.Repeat("x", 129), strings.Repeat("é", 100),
	} {
		id := entryID(name)
		if err := schedule.CheckID(id); err != nil {
			t.Errorf("%q becomes %q: %v", name, id, err)
		}
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q both become %q", name, other, id)
		}
		seen[id] = name
		if schedule.CheckID(name) == nil && id != name {
			t.Errorf("%q becomes %q, want it as it is", name, id)
		}
		if again := entryID(name); again != id {
			t.Errorf("%q becomes %q and then %q", name, id, again)
		}
	}
	for name, want := range map[string]string{"a b": "a-b-c8687a08aa", "日本": "entry-cf2abf0c5b"} {
		if got := entryID(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

// TestTwoNamesOfOneIDDoNotBothMove refuses the second of two entries that would be one.
func TestTwoNamesOfOneIDDoNotBothMove(t *testing.T) {
	const cron, last = `{"__type__": "crontab", "minute": 0, "hour": 8}`, "2026-11-25T19:23:44+01:00"
	taken := entryID("a b")
	all := NewMover(options(t)).MoveAll(t.Context(), []Stored{scheduled(taken, cron, last), scheduled("a b", cron, last)})
	if !all[0].Moves() || all[1].Verdict != Cannot || all[1].Why.Error() != "its id would be "+taken+`, which is that of "a b": rename one of them in RedBeat` {
		t.Errorf("moves are %+v", all)
	}
}

// FuzzMove looks for an entry that breaks the mover.
func FuzzMove(f *testing.F) {
	for _, s := range recorded(f) {
		f.Add(s.Name, s.Definition, s.Meta, s.Score)
	}
	mover := NewMover(options(f))
	f.Fuzz(func(t *testing.T, name, definition, meta string, score float64) {
		m := mover.Move(t.Context(), Stored{Name: name, Definition: definition, Meta: meta, Score: score, Scheduled: true})
		switch {
		case m.Moves() && m.Entry.Validate(t.Context()) != nil:
			t.Errorf("it %s, and its entry is not valid: %v", m.Verdict, m.Entry.Validate(t.Context()))
		case m.Moves() && !m.Next.After(m.LastRun):
			t.Errorf("it is due at %s after its last run at %s", m.Next, m.LastRun)
		case !m.Moves() && (m.Why == nil || m.Entry.ID != ""):
			t.Errorf("it %s: %v, with the entry %q", m.Verdict, m.Why, m.Entry.ID)
		}
	})
}
