package schedule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"switchyard/internal/calendar"
	"switchyard/internal/tasks"
)

// Origins of entries. Who made an entry is who may change it: the configuration does not
// take over an entry made through the API, nor the other way round.
const (
	OriginConfig = "config" // from the configuration file; follows it at each start
	OriginAPI    = "api"    // added by hand or through the API
	OriginUser   = "user"   // made from a user's preferences
)

// MaxExpires bounds [Entry.Expires].
const MaxExpires = 366 * 24 * time.Hour

// MaxPayload bounds an entry's payload in bytes. Every tick reads it.
const MaxPayload = 64 << 10

// maxName bounds the names in an entry that become part of keys and logs, in bytes.
const maxName = 128

// maxConfiguredBy bounds the owner of a configuration file, in bytes.
const maxConfiguredBy = 256

// Entry is one line of the schedule: a task, and when it is due.
type Entry struct {
	// ID is up to 128 letters, digits and any of _.:@+- and starts with a letter or digit.
	ID string `json:"id"`
	// Spec says when, as [calendar.Parse] reads it, in the IANA time zone Zone; "" is UTC.
	Spec string `json:"spec"`
	Zone string `json:"zone,omitempty"`
	// Cron is how a cron spec that restricts both of its days is read; "" is
	// [calendar.Crontab].
	Cron calendar.Dialect `json:"cron,omitempty"`
	// Kind and Payload are the task's. An empty payload is an empty object.
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload,omitempty"`
	// Queue takes the task instead of the one its kind is routed to. It is a queue of Celery if Celery's
	// workers perform the kind.
	Queue string `json:"queue,omitempty"`
	// CatchUp says what becomes of ticks missed while no scheduler ran; "" is [Latest].
	CatchUp CatchUp `json:"catch_up,omitempty"`
	// CatchUpLimit bounds the ticks that [All] makes up for. 0: [DefaultCatchUpLimit].
	CatchUpLimit int `json:"catch_up_limit,omitempty"`
	// FreshFor is how late a tick may be and still be worth its task, in nanoseconds
	// as JSON. 0: forever.
	FreshFor time.Duration `json:"fresh_for,omitempty"`
	// Expires is how long a tick's task may wait in its queue from when it was enqueued, in
	// nanoseconds as JSON. Then it is not begun any more. 0: for ever.
	Expires time.Duration `json:"expires,omitempty"`
	// Start and End bound the ticks: none before Start, none at or after End. Zero: unbounded.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	// MaxRuns ends the entry once so many of its ticks were enqueued. 0: never.
	MaxRuns int64 `json:"max_runs,omitempty"`
	// Spread moves each tick by the same part of itself, later or, if negative, earlier.
	// The entry's ID decides by how much, so that entries due together are enqueued
	// apart, each at the same time every day. In nanoseconds as JSON.
	Spread time.Duration `json:"spread,omitempty"`
	// Overlap says what becomes of a tick while the task of the one before still waits
	// or runs; "" is [Allow].
	Overlap Overlap `json:"overlap,omitempty"`
	// Owner is the ID of the user the task acts for, if it acts for one. While that
	// user's brake is on, the entry's ticks are held back.
	Owner string `json:"owner,omitempty"`
	// Preferences are what the owner asked for, where the entry was made from that: a
	// JSON object kept with the entry, so that both change as one. Tasks do not get it.
	Preferences json.RawMessage `json:"preferences,omitempty"`
	// Origin says who made the entry, one of the Origin constants.
	Origin string `json:"origin"`
	// ConfiguredBy is whose configuration file an entry of origin config is in, "" if nobody's.
	// See [Configuration].
	ConfiguredBy string `json:"configured_by,omitempty"`
	// Paused is whether the entry starts out paused. [Store.Pause] and [Store.Resume]
	// do not change it; see [Books].
	Paused bool `json:"paused,omitempty"`
}

// queuePattern is that of queues of Celery, too, which have any name. Whether there is such a queue is for
// the enqueuer to say.
var queuePattern = regexp.MustCompile(`^[\pL\pN\pP\pS]+$`)

// CheckID reports why id cannot name an entry.
func CheckID(id string) error {
	if id == "" {
		return errors.New("entry id is empty: give a name such as nightly-report")
	}
	if len(id) > maxName {
		return fmt.Errorf("entry id %.20q… has %d bytes: at most %d are allowed", id, len(id), maxName)
	}
	if !tasks.HasIDForm(id) {
		return fmt.Errorf("entry id %q: use letters, digits and _.:@+- and start with a letter or digit", id)
	}
	return nil
}

// Validate reports everything that is wrong with e, joined, by field, value and remedy.
// Whether the kind has a handler and the payload suits it is for the enqueuer to say.
func (e Entry) Validate(ctx context.Context) error {
	if err := CheckID(e.ID); err != nil {
		return err
	}
	var errs []error
	for _, err := range e.check(ctx) {
		if err != nil {
			errs = append(errs, fmt.Errorf("entry %s: %w", e.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (e Entry) check(ctx context.Context) []error {
	_, err := e.parse(calendar.NewBudget(ctx))
	errs := []error{err, tasks.CheckKind(e.Kind), checkObject("payload", e.Payload), checkObject("preferences", e.Preferences)}
	if e.Queue != "" && (len(e.Queue) > maxName || !queuePattern.MatchString(e.Queue)) {
		errs = append(errs, fmt.Errorf("queue %.40q: use the name of a queue, or leave it out to have the kind routed", e.Queue))
	}
	errs = append(errs, e.checkCatchUp(), e.checkBounds())
	if e.Owner != "" {
		if err := tasks.CheckUser(e.Owner); err != nil {
			errs = append(errs, fmt.Errorf("owner: %w", err))
		}
	}
	if e.ConfiguredBy != "" && (e.Origin != OriginConfig || len(e.ConfiguredBy) > maxConfiguredBy || !printable(e.ConfiguredBy)) {
		errs = append(errs, fmt.Errorf("configured by %.40q: only entries of the configuration have an owner, of up to %d bytes that can be printed", e.ConfiguredBy, maxConfiguredBy))
	}
	if e.Origin != OriginConfig && e.Origin != OriginAPI && e.Origin != OriginUser {
		errs = append(errs, fmt.Errorf("origin %.40q: use %s, %s or %s", e.Origin, OriginConfig, OriginAPI, OriginUser))
	}
	return errs
}

// checkObject reports why a field's value is not a JSON object of a bearable size.
func checkObject(field string, value []byte) error {
	if len(value) > MaxPayload {
		return fmt.Errorf("%s has %d bytes, at most %d are allowed: store the data and schedule a reference to it", field, len(value), MaxPayload)
	}
	trimmed := bytes.TrimSpace(value)
	if len(trimmed) == 0 {
		return nil
	}
	if !json.Valid(trimmed) || trimmed[0] != '{' {
		return fmt.Errorf("%s %.40q is not a JSON object: write one such as {\"user\":\"u1\"}", field, trimmed)
	}
	return nil
}

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// lastYear is the last in which an entry may start or end, as in a spec.
const lastYear = 2200

func (e Entry) checkBounds() error {
	switch {
	case e.Overlap != "" && e.Overlap != Allow && e.Overlap != Skip:
		return fmt.Errorf("overlap %.40q: use %s or %s", e.Overlap, Allow, Skip)
	case e.Spread.Abs() > MaxSpread || e.Spread%time.Second != 0:
		return fmt.Errorf("spread %s: give whole seconds of at most %s, negative to spread before the time", e.Spread, MaxSpread)
	case e.MaxRuns < 0:
		return fmt.Errorf("max_runs %d is negative: give how often the entry runs, or leave it out", e.MaxRuns)
	case e.Expires < 0 || e.Expires > MaxExpires || e.Expires%time.Second != 0:
		return fmt.Errorf("expires %s: give how long its task may wait in whole seconds, up to %s, or leave it out", e.Expires, MaxExpires)
	case e.Start.Year() > lastYear:
		return fmt.Errorf("start %s: give a year until %d", e.Start.Format(time.RFC3339), lastYear)
	case e.End.Year() > lastYear:
		return fmt.Errorf("end %s: give a year until %d", e.End.Format(time.RFC3339), lastYear)
	case !e.Start.IsZero() && !e.End.IsZero() && !e.Start.Before(e.End):
		return fmt.Errorf("end %s is not after start %s: move one of them", e.End.Format(time.RFC3339), e.Start.Format(time.RFC3339))
	}
	return nil
}

// parse reads the spec in the entry's zone, between its start and its end.
func (e Entry) parse(b *calendar.Budget) (calendar.Spec, error) {
	zone, err := calendar.LoadZone(e.Zone)
	if err != nil {
		return nil, err
	}
	spec, err := calendar.Parse(b, e.Spec, calendar.Options{Zone: zone, Cron: e.Cron})
	if err != nil {
		return nil, err
	}
	return calendar.Between(spec, e.Start, e.End), nil
}

// catchPanic turns a panic about an entry's spec into an error. It is for defer.
func (e Entry) catchPanic(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("spec %q: panic: %v", e.Spec, p)
	}
}

// tickAfter returns the first tick after a moment, zero if there is none.
func (e Entry) tickAfter(b *calendar.Budget, after time.Time) (next time.Time, err error) {
	defer e.catchPanic(&err)
	spec, err := e.parse(b)
	if err != nil {
		return time.Time{}, err
	}
	if next, err = spec.Next(b, after); err != nil {
		return time.Time{}, fmt.Errorf("spec %q: %w", e.Spec, err)
	}
	return next, nil
}

// Words says in a sentence when the entry is due, see [calendar.Describe]: by its spec alone, within Start and
// End. It is "" if there is no such zone.
func (e Entry) Words() string {
	zone, err := calendar.LoadZone(e.Zone)
	if err != nil {
		return ""
	}
	return calendar.Describe(e.Spec, calendar.Options{Zone: zone, Cron: e.Cron})
}

// encode returns e as it is stored, the same for equal entries.
func (e Entry) encode() ([]byte, error) {
	if len(bytes.TrimSpace(e.Payload)) == 0 {
		e.Payload = nil
	}
	encoded, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode entry %s: %w", e.ID, err)
	}
	return encoded, nil
}

// NextTicks returns the next n ticks after a moment, fewer if there are no more, in the
// entry's zone, each a [Entry.Shift] away from when it is enqueued. It does not ask
// whether the entry is paused, nor how often it ran.
func (e Entry) NextTicks(ctx context.Context, after time.Time, n int) ([]time.Time, error) {
	zone, err := calendar.LoadZone(e.Zone)
	if err != nil {
		return nil, err
	}
	var ticks []time.Time
	for last := after.Add(-e.Shift()); len(ticks) < n; {
		tick, err := e.tickAfter(calendar.NewBudget(ctx), last)
		if err != nil {
			return nil, err
		}
		if tick.IsZero() {
			break
		}
		ticks, last = append(ticks, tick.In(zone)), tick
	}
	return ticks, nil
}

// tickID names the task of one tick. IDs of entries have no @, so no two ticks share one.
func tickID(entry string, tick time.Time) string {
	return entry + "@" + tick.UTC().Format(tickTime)
}

const tickTime = "20060102T150405Z"

// TickOf returns the tick whose task has an ID, or false if it is no tick's.
func TickOf(id string) (time.Time, bool) {
	_, tick, _ := strings.Cut(id, "@")
	at, err := time.Parse(tickTime, tick)
	return at, err == nil
}
