package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/audit"
	"switchyard/internal/calendar"
	"switchyard/internal/celery/ticks"
	"switchyard/internal/control"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// EntryBody is what an entry of the schedule says.
type EntryBody struct {
	Spec         string          `json:"spec" minLength:"1" doc:"When it is due, such as 0 8 * * MON-FRI, @every 15m, or a rule of RFC 5545."`
	Zone         string          `json:"zone,omitempty" doc:"An IANA time zone; UTC if left out."`
	Cron         string          `json:"cron,omitempty" doc:"How a cron line that restricts both day fields is read." enum:"crontab,celery"`
	Kind         string          `json:"kind" minLength:"1"`
	Payload      json.RawMessage `json:"payload,omitempty"`
	Queue        string          `json:"queue,omitempty"`
	CatchUp      string          `json:"catch_up,omitempty" enum:"latest,none,all" doc:"What becomes of ticks that nobody could enqueue in time."`
	CatchUpLimit int             `json:"catch_up_limit,omitempty" minimum:"0"`
	FreshFor     Duration        `json:"fresh_for,omitempty" doc:"How late a tick may be and still be worth its task."`
	Expires      Duration        `json:"expires,omitempty" doc:"How long the task of a tick may wait in its queue."`
	Start        time.Time       `json:"start,omitzero"`
	End          time.Time       `json:"end,omitzero"`
	MaxRuns      int64           `json:"max_runs,omitempty" minimum:"0"`
	Spread       Shift           `json:"spread,omitempty" doc:"Up to how much later each tick is, or with a - earlier, always by the same part of it."`
	Overlap      string          `json:"overlap,omitempty" enum:"allow,skip" doc:"What becomes of a tick while the task before still waits or runs."`
	Owner        string          `json:"owner,omitempty" doc:"The user whose brake holds the entry."`
}

// Entry is an entry of the schedule with what became of it.
type Entry struct {
	ID string `json:"id"`
	EntryBody
	Words  string `json:"words,omitempty" doc:"When the spec says that it is due, in a sentence."`
	Origin string `json:"origin" doc:"Who made it: config, api or user. Only api entries can be changed here."`
	// ConfiguredBy is the owner of the configuration file that it is in.
	ConfiguredBy string         `json:"configured_by,omitempty" doc:"Whose configuration file an entry of origin config is in."`
	State        schedule.State `json:"state"`
	Due          time.Time      `json:"due,omitzero" doc:"When it is enqueued next."`
	Last         time.Time      `json:"last,omitzero"`
	LastTask     string         `json:"last_task,omitempty"`
	// LastQueue is where LastTask went, and LastState what became of it.
	LastQueue string      `json:"last_queue,omitempty"`
	LastState tasks.State `json:"last_task_state,omitempty" doc:"The state of the last task, left out if nothing is kept of it."`
	Tick      time.Time   `json:"tick,omitzero" doc:"The tick that is enqueued next, without the spread. It is told of a paused entry, too."`
	// Preferences are the owner's, of an entry that was made from them.
	Preferences json.RawMessage `json:"preferences,omitempty" doc:"What the owner asked for, of an entry of origin user."`
	// StartsPaused is what the entry itself says; Paused is what holds.
	StartsPaused bool   `json:"starts_paused,omitempty" doc:"Whether the entry was paused when it was made."`
	Error        string `json:"error,omitempty" doc:"Why the latest tick was not enqueued."`
	Runs         int64  `json:"runs"`
	Skipped      int64  `json:"skipped,omitempty"`
	Paused       bool   `json:"paused"`
	Late         bool   `json:"late,omitempty" doc:"Whether it is due for more than 10 s and not sent: nobody takes it, it cannot be sent, or its owner is stopped."`
	Revision     int64  `json:"revision"`
}

func entryOf(r schedule.Record) Entry {
	e := r.Entry
	return Entry{
		ID: e.ID, Words: e.Words(), Late: r.Late(time.Now()), Origin: e.Origin, ConfiguredBy: e.ConfiguredBy, State: r.State(), Due: r.Due(), Last: r.Books.Last, LastTask: r.Books.LastTask, Error: r.Books.LastError,
		LastQueue: r.Books.LastQueue, Tick: r.Books.Next, Preferences: e.Preferences, StartsPaused: e.Paused, Runs: r.Books.Runs, Skipped: r.Books.Skipped, Paused: r.Books.Paused, Revision: r.Books.Revision,
		EntryBody: EntryBody{
			Spec: e.Spec, Zone: e.Zone, Cron: string(e.Cron), Kind: e.Kind, Payload: e.Payload, Queue: e.Queue, CatchUp: string(e.CatchUp),
			CatchUpLimit: e.CatchUpLimit, FreshFor: Duration(e.FreshFor), Expires: Duration(e.Expires), Start: e.Start, End: e.End,
			MaxRuns: e.MaxRuns, Spread: Shift(e.Spread), Overlap: string(e.Overlap), Owner: e.Owner,
		},
	}
}

func (b EntryBody) entry(id string) schedule.Entry {
	return schedule.Entry{
		ID: id, Spec: b.Spec, Zone: b.Zone, Cron: calendar.Dialect(b.Cron), Kind: b.Kind, Payload: b.Payload, Queue: b.Queue,
		CatchUp: schedule.CatchUp(b.CatchUp), CatchUpLimit: b.CatchUpLimit, FreshFor: time.Duration(b.FreshFor), Expires: time.Duration(b.Expires),
		Start: b.Start, End: b.End, MaxRuns: b.MaxRuns, Spread: time.Duration(b.Spread), Overlap: schedule.Overlap(b.Overlap), Owner: b.Owner,
		Origin: schedule.OriginAPI,
	}
}

// EntryName names an entry in an address, see [Named].
type EntryName struct {
	ID string `path:"id" maxLength:"128"`
}

type putEntryInput struct {
	EntryName
	NoneMatch string `header:"If-None-Match" doc:"* has the entry added only if it is new."`
	Match     string `header:"If-Match" doc:"The ETag of the entry that is to be replaced."`
	DryRun    bool   `query:"dry_run" doc:"Check the entry and say when it would be due, and change nothing."`
	Body      EntryBody
}

type entryOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   EntryTicks
}

// EntryTicks is an entry, and the times when it is due next where they were asked for.
type EntryTicks struct {
	Entry
	Next    []time.Time `json:"next,omitempty" doc:"When it is due, without its spread."`
	Held    string      `json:"held,omitempty" doc:"What stops the owner, and with them the entry, since when, and what lets it go on."`
	Changed *bool       `json:"changed,omitempty" doc:"Whether this request has changed the entry."`
}

func (s *server) registerSchedule(api huma.API) {
	operation := func(id, method, path, summary string, errs ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"schedule"}, Errors: append(errs, http.StatusNotFound)}
	}
	register(api, operation("list-entries", http.MethodGet, "/v1/schedule", "List entries of the schedule"), s.listEntries)
	register(api, operation("get-entry", http.MethodGet, "/v1/schedule/{id}", "Look at an entry"), s.getEntry)
	put := operation("put-entry", http.MethodPut, "/v1/schedule/{id}", "Add or replace an entry", http.StatusPreconditionFailed, http.StatusConflict)
	put.Metadata = map[string]any{also: []int{http.StatusCreated}}
	register(api, put, s.putEntry)
	register(api, operation("pause-entry", http.MethodPatch, "/v1/schedule/{id}", "Pause or resume an entry"), s.pauseEntry)
	remove := operation("delete-entry", http.MethodDelete, "/v1/schedule/{id}", "Remove an entry", http.StatusConflict)
	remove.DefaultStatus = http.StatusNoContent
	register(api, remove, s.removeEntry)
	run := operation("run-entry", http.MethodPost, "/v1/schedule/{id}/run", "Send the task of an entry now, whenever it is due")
	run.DefaultStatus, run.Metadata = http.StatusCreated, map[string]any{also: []int{http.StatusOK}}
	register(api, run, func(ctx context.Context, in *runEntryInput) (*taskOutput, error) {
		return s.onceTask(ctx, in.Key, nil, func(ctx context.Context) (*taskOutput, error) { return s.runEntry(ctx, in.ID) })
	})
}

// entry returns an entry that the caller may do something with.
func (s *server) entry(ctx context.Context, action tokens.Action, id string) (schedule.Record, error) {
	caller := CallerOf(ctx)
	if err := caller.need(action, ""); err != nil {
		return schedule.Record{}, err
	}
	if err := schedule.CheckID(id); err != nil {
		return schedule.Record{}, invalidParameter("id", err)
	}
	r, err := s.Schedule.Get(ctx, id)
	if errors.Is(err, schedule.ErrNotFound) || err == nil && caller.User != "" && r.Entry.Owner != caller.User {
		return r, noSuch("entry", id)
	}
	return r, err
}

func (s *server) getEntry(ctx context.Context, in *EntryName) (*entryOutput, error) {
	r, err := s.entry(ctx, tokens.ScheduleRead, in.ID)
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, http.StatusOK, r)
}

// ticksShown is how many of its next ticks an answer has.
const ticksShown = 10

func (s *server) answer(ctx context.Context, status int, r schedule.Record) (*entryOutput, error) {
	told, err := s.entriesOf(ctx, []schedule.Record{r})
	if err != nil {
		return nil, err
	}
	out := &entryOutput{Status: status, ETag: revision(r), Body: EntryTicks{Entry: told[0]}}
	if r.Entry.Owner != "" {
		stops, err := s.Brake.Brake.Stops(ctx, []string{r.Entry.Owner})
		if err != nil {
			return nil, err
		}
		out.Body.Held = control.Words(stops[0])
	}
	next, err := r.Entry.NextTicks(ctx, time.Now(), ticksShown)
	if err != nil && r.State() == schedule.OK {
		return nil, err
	}
	out.Body.Next = next
	return out, nil
}

func revision(r schedule.Record) string { return fmt.Sprintf(`"%d"`, r.Books.Revision) }

func (s *server) putEntry(ctx context.Context, in *putEntryInput) (*entryOutput, error) {
	caller := CallerOf(ctx)
	if err := errors.Join(caller.need(tokens.ScheduleWrite, ""), caller.need(tokens.TasksSend, in.Body.Kind)); err != nil {
		return nil, err
	}
	e := in.Body.entry(in.ID)
	if caller.User != "" && (e.Owner != caller.User || tasks.UserOf(e.Payload) != caller.User) {
		return nil, invalid("/owner", fmt.Errorf("owner is %.100q: this token works for %s alone, as owner and as the payload's user", e.Owner, caller.User))
	}
	if err := s.ByHand.CheckEntry(ctx, e); err != nil {
		return nil, err
	}
	if in.DryRun {
		return s.answer(ctx, http.StatusOK, schedule.Record{Entry: e})
	}
	status, changed, err := s.put(ctx, in, e)
	if err != nil {
		return nil, err
	}
	r, err := s.Schedule.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.answerChanged(ctx, status, r, changed)
}

// answerChanged is answer once something was done to the entry.
func (s *server) answerChanged(ctx context.Context, status int, r schedule.Record, changed bool) (*entryOutput, error) {
	out, err := s.answer(ctx, status, r)
	if err == nil {
		out.Body.Changed = &changed
	}
	return out, err
}

// put changes the schedule, if it is as the caller believes at that moment. It returns 201 for a new
// entry, and whether it has changed anything.
func (s *server) put(ctx context.Context, in *putEntryInput, e schedule.Entry) (status int, changed bool, err error) {
	changed, err = s.Schedule.Change(ctx, in.ID, func(old schedule.Record, found bool) (schedule.Entry, error) {
		if status = http.StatusOK; !found {
			status = http.StatusCreated
		}
		return e, in.mayReplace(CallerOf(ctx), old, found)
	})
	if errors.Is(err, schedule.ErrTaken) {
		return 0, false, problem("id-taken", err.Error())
	}
	if err != nil {
		return 0, false, err
	}
	return status, changed, s.note(ctx, "put entry", e)
}

// mayReplace reports that an entry is not as the request expects it, or is another user's.
func (in *putEntryInput) mayReplace(caller *Caller, old schedule.Record, found bool) error {
	switch {
	case found && caller.User != "" && old.Entry.Owner != caller.User:
		return problem("id-taken", fmt.Sprintf("another entry has the ID %q: choose another one", in.ID))
	case in.NoneMatch == "*" && found, in.Match != "" && (!found || in.Match != revision(old)):
		return problem("changed", fmt.Sprintf("entry %q is not as the request expects it: look at it and decide again", in.ID))
	}
	return nil
}

// note keeps in the audit log who has changed an entry.
func (s *server) note(ctx context.Context, did string, e schedule.Entry) error {
	return s.Brake.Audit.Write(ctx, audit.Record{Actor: CallerOf(ctx).actor(), Did: did, User: e.Owner, Detail: e.ID})
}

type pauseEntryInput struct {
	EntryName
	Body struct {
		Paused bool `json:"paused"`
	}
}

func (s *server) pauseEntry(ctx context.Context, in *pauseEntryInput) (*entryOutput, error) {
	r, err := s.entry(ctx, tokens.ScheduleWrite, in.ID)
	if err != nil {
		return nil, err
	}
	did, change := "resume entry", s.Schedule.Resume
	if in.Body.Paused {
		did, change = "pause entry", s.Schedule.Pause
	}
	changed, err := change(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.note(ctx, did, r.Entry); err != nil {
		return nil, err
	}
	if r, err = s.Schedule.Get(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.answerChanged(ctx, http.StatusOK, r, changed)
}

func (s *server) removeEntry(ctx context.Context, in *EntryName) (*struct{}, error) {
	r, err := s.entry(ctx, tokens.ScheduleWrite, in.ID)
	if err != nil {
		return nil, err
	}
	switch removed, err := s.Schedule.Remove(ctx, in.ID, schedule.OriginAPI); {
	case errors.Is(err, schedule.ErrTaken):
		return nil, problem("wrong-state", err.Error())
	case err != nil:
		return nil, err
	case !removed:
		return nil, noSuch("entry", in.ID)
	}
	return nil, s.note(ctx, "remove entry", r.Entry)
}

type runEntryInput struct {
	EntryName
	Keyed
}

func (s *server) runEntry(ctx context.Context, id string) (*taskOutput, error) {
	r, err := s.entry(ctx, tokens.ScheduleWrite, id)
	if err != nil {
		return nil, err
	}
	receipt, err := s.Schedule.RunNow(ctx, id, s.Ticks)
	if err != nil {
		return nil, err
	}
	out, err := s.after(ctx, tasks.Handled{}, tasks.Name{Queue: receipt.Queue, ID: receipt.ID}, tasks.Status{ID: receipt.ID, Kind: receipt.Kind, Queue: receipt.Queue, State: tasks.StateWaiting})
	if err != nil {
		return nil, err
	}
	out.Status = http.StatusCreated
	if !ticks.IsCelerys(receipt.Queue) { // those have no address here
		out.Location = address(receipt.Queue, receipt.ID, "")
	}
	return out, s.note(ctx, "run entry", r.Entry)
}
