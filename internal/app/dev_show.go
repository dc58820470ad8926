package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"switchyard/internal/events"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tasks/scraping"
	"switchyard/internal/users"
)

// pollProgress is how often dev looks how far the work it shows has come.
const pollProgress = 50 * time.Millisecond

// readSources has the scheduler enqueue a first reading of every source, and waits until
// its pages have been scraped, so that there is something to brief about.
func (d *dev) readSources(ctx context.Context) error {
	names := slices.Sorted(maps.Keys(d.system.Config.Sources))
	for _, name := range names {
		if err := d.scheduleReading(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range names {
		d.say("Reading %s", d.system.Config.Sources[name].URL)
		feed, err := d.awaitTick(ctx, readingID(name))
		if err != nil {
			return err
		}
		status, err := d.await(ctx, feed)
		if err != nil {
			return err
		}
		if status.State != tasks.StateSucceeded {
			d.say("  could not be read: %s", status.LastError)
			continue
		}
		var read scraping.FeedResult
		if err := json.Unmarshal(status.Result, &read); err != nil {
			return fmt.Errorf("result of %s: %w", feed.ID, err)
		}
		if read.Error != "" {
			d.say("  could not be read: %s", read.Error)
			continue
		}
		if err := d.awaitPages(ctx, read.Tasks); err != nil {
			return err
		}
	}
	return nil
}

// readingID names the entry of a source's first reading.
func readingID(source string) string { return "first-reading:" + source }

// scheduleReading adds an entry that is due once, in the second after next by the clock
// of Redis, which is the scheduler's.
func (d *dev) scheduleReading(ctx context.Context, source string) error {
	now, err := d.system.Redis.Time(ctx).Result()
	if err != nil {
		return fmt.Errorf("time of redis: %w", err)
	}
	payload, err := json.Marshal(scraping.FeedArgs{URL: d.system.Config.Sources[source].URL, Source: source})
	if err != nil {
		return err
	}
	_, err = d.system.Schedule.Put(ctx, schedule.Entry{
		ID: readingID(source), Spec: "at " + now.Add(2*time.Second).UTC().Format(time.RFC3339),
		Kind: scraping.KindFeed, Payload: payload, Origin: schedule.OriginAPI,
	})
	return err
}

// awaitTick returns the task of an entry that is due once, and removes the entry.
func (d *dev) awaitTick(ctx context.Context, id string) (tasks.Receipt, error) {
	tick := time.NewTicker(pollProgress)
	defer tick.Stop()
	for {
		record, err := d.system.Schedule.Get(ctx, id)
		if err != nil {
			return tasks.Receipt{}, err
		}
		switch books := record.Books; {
		case books.LastTask != "":
			_, err := d.system.Schedule.Remove(ctx, id, record.Entry.Origin)
			return tasks.Receipt{ID: books.LastTask, Kind: record.Entry.Kind, Queue: books.LastQueue}, err
		case books.LastError != "":
			return tasks.Receipt{}, fmt.Errorf("entry %s: %s", id, books.LastError)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return tasks.Receipt{}, ctx.Err()
		}
	}
}

// awaitPages waits until every page's task has ended or failed once.
func (d *dev) awaitPages(ctx context.Context, pages []tasks.Receipt) error {
	for i, page := range pages {
		status, err := d.await(ctx, page)
		if err != nil {
			return err
		}
		if status.State != tasks.StateSucceeded {
			d.say("  page %d of %d: %s", i+1, len(pages), status.LastError)
			continue
		}
		var scraped scraping.PageResult
		if err := json.Unmarshal(status.Result, &scraped); err != nil {
			return fmt.Errorf("result of %s: %w", page.ID, err)
		}
		d.say("  page %d of %d: %s", i+1, len(pages), scraped.Title)
	}
	return nil
}

// brief runs the user's briefing now, waits for the event that it can be read, and prints
// it.
func (d *dev) brief(ctx context.Context) error {
	before, err := d.system.Events.Latest(ctx, DevUser)
	if err != nil {
		return err
	}
	d.say("Ranking and writing the briefing of %q", DevUser)
	if _, err := d.system.Schedule.RunNow(ctx, users.EntryID(DevUser), d.system.Ticks); err != nil {
		return err
	}
	var ready briefings.Event
	err = d.system.Events.Follow(ctx, DevUser, before, func(e events.Event) error {
		if json.Unmarshal([]byte(e.JSON), &ready) == nil && ready.Type == briefings.EventType {
			return errFound
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		return err
	}
	return d.print(ctx, ready.Briefing)
}

// errFound ends the following of events.
var errFound = errors.New("found")

func (d *dev) print(ctx context.Context, id string) error {
	b, found, err := d.system.Briefings.Get(ctx, id)
	if err != nil || !found {
		return fmt.Errorf("briefing %s: found %v: %w", id, found, err)
	}
	text, err := b.Text()
	if err != nil {
		return err
	}
	d.say("\n%s\nThe first briefing took %s. Everything goes on: the next ones come daily, at 08:00 UTC.\nCtrl-C stops.", text, time.Since(d.started).Round(10*time.Millisecond))
	return nil
}

// postponedFor is how long dev waits for a task that was put off. A page that waits for the turn of its
// host comes sooner, and one that has failed later.
const postponedFor = 2 * time.Minute

// await returns a task's status once it has ended, for good or bad, or waits for a retry.
func (d *dev) await(ctx context.Context, task tasks.Receipt) (tasks.Status, error) {
	tick := time.NewTicker(pollProgress)
	defer tick.Stop()
	for {
		status, found, err := d.system.Queue.Status(ctx, task.Queue, task.ID)
		if err != nil {
			return status, err
		}
		later := status.State == tasks.StateScheduled && time.Until(status.NextRun) > postponedFor
		if found && (status.State.Ended() || status.State == tasks.StateRetrying || status.State == tasks.StateParked || later) {
			return status, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return status, ctx.Err()
		}
	}
}
