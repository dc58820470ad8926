package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/control"
	"switchyard/internal/roster"
	"switchyard/internal/schedule"
	"switchyard/internal/series"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// join puts a daemon into the roster until the test ends.
func (d *door) join(role string, status roster.Status) {
	d.Helper()
	ctx, leave := context.WithCancel(context.Background())
	looked, news, ended := make(chan struct{}, 9), make(chan struct{}), make(chan struct{})
	m := roster.NewMember(d.system.Roster, roster.Record{Roles: []string{role}, Version: "v1", Commit: "abc", Layout: 1}, func(context.Context) roster.Status { looked <- struct{}{}; return status }, zap.NewNop())
	go func() { m.Run(ctx, news); close(ended) }()
	<-looked
	news <- struct{}{} // it is taken once the record is written
	d.Cleanup(func() { leave(); <-ended })
}

// raw writes to Redis by hand what no caller could bring about within a test.
func (d *door) raw(args ...any) {
	d.Helper()
	if err := d.system.Redis.Do(d.Context(), args...).Err(); err != nil {
		d.Fatal(err)
	}
}

func TestTheOverviewAndTheQueuesTellWhatIsInRedis(t *testing.T) {
	onEach(t, false, func(d *door) {
		now := d.system.Redis.Time(d.Context()).Val()
		d.raw("SADD", "asynq:queues", "agents", "default", "briefings")
		for id, since := range map[string]time.Duration{"a": 5 * time.Minute, "b": time.Second} { // the last of the list is the oldest
			d.raw("HSET", "asynq:{agents}:t:"+id, "state", "pending", "pending_since", now.Add(-since).UnixNano())
		}
		d.raw("LPUSH", "asynq:{agents}:pending", "a", "b")
		d.raw("LPUSH", "asynq:{briefings}:pending", "c")
		d.raw("SET", "asynq:{briefings}:paused", "1")
		d.raw("ZADD", "asynq:{agents}:archived", now.Add(-time.Hour).Unix(), "x", now.Add(-23*time.Hour).Unix(), "y", now.Add(-25*time.Hour).Unix(), "z")
		d.raw("ZADD", "asynq:{default}:archived", now.Unix(), "x")
		d.join("worker", roster.Status{Queues: []roster.Queue{{Name: "agents", Lane: "agents", Concurrency: 4, Busy: 3}, {Name: "default", Lane: "agents", Concurrency: 4, Busy: 1}}})
		d.join("worker", roster.Status{Queues: []roster.Queue{{Name: "agents", Lane: "agents", Concurrency: 2}}, Failing: []roster.Failing{{Check: "lanes", Text: "redis lost"}}})
		d.join("scheduler", roster.Status{Draining: true, Failing: []roster.Failing{{Check: "rounds", Text: "ended"}}})
		d.raw("HSET", "switchyard:{daemons}:records", "gone", `{"roles":["worker"],"host":"h","queues":[{"name":"agents","lane":"agents","concurrency":100,"busy":50}]}`)
		d.raw("ZADD", "switchyard:{daemons}:seen", now.Add(-time.Minute).UnixMilli(), "gone")
		brake := d.system.Brake
		for _, user := range []string{"ada", "bob"} {
			if _, err := brake.Pull(d.Context(), user, control.Order{}); err != nil {
				d.Fatal(err)
			}
		}
		for _, task := range []string{"agents/a", "agents/b"} {
			if _, err := brake.Ask(d.Context(), control.Pass{User: "ada", Task: task}, "mail"); err != nil {
				d.Fatal(err)
			}
		}
		if _, err := brake.Ask(d.Context(), control.Pass{User: "eve", Task: "agents/c"}, "mail"); err != nil {
			d.Fatal(err)
		}
		d.overdue(now)
		d.raw("HSET", "switchyard:briefing:b1", "delivery:email", `{"state":"doubtful"}`, "delivery:chat", `{"state":"settled"}`)
		d.raw("ZADD", "switchyard:briefings:doubtful", "1", "email b1", "1", "chat b1", "1", "email gone")

		o := d.want(http.StatusOK, d.do("GET", "/v1/overview", ""), "decisions=3", "dead.total=3", "dead.queues.agents=2", "dead.queues.default=1",
			"paused.users=2", "paused.everyone=false", "overdue.entries=1", "deliveries=1",
			"late_queues.0.queue=agents", "late_queues.0.waiting=2", "late_queues.0.paused=false", "late_queues.1.queue=briefings", "late_queues.1.paused=true", "late_queues.2=")
		var states []string
		for i := range 3 {
			states = append(states, o.field(fmt.Sprintf("daemons.%d.state", i)))
		}
		if got := strings.Join(states, " "); got != "lost not_ready " && got != "not_ready lost " {
			d.Errorf("daemons %s, want the one that is lost and the one that is not ready: %s", got, o.body)
		}
		d.seconds(o, "late_queues.0.oldest_seconds", 300)
		d.seconds(o, "overdue.longest_seconds", 3600)
		d.want(http.StatusOK, d.do("GET", "/v1/overview?late=10m", ""), "late_queues.0.queue=briefings", "late_queues.1=")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/overview?late=soon", ""), "errors.0.parameter=late")

		queues := d.do("GET", "/v1/queues", "")
		for i := range 3 {
			at := fmt.Sprintf("%d.", i)
			switch queues.field(at + "name") {
			case "agents":
				d.want(http.StatusOK, queues, at+"slots=6", at+"busy=3", at+"load=2", at+"dead_today=2", at+"waiting=2", at+"failed=3")
				d.seconds(queues, at+"oldest_seconds", 300)
			case "default":
				d.want(http.StatusOK, queues, at+"slots=4", at+"busy=1", at+"load=0", at+"dead_today=1", at+"oldest_seconds=0")
			case "briefings":
				d.want(http.StatusOK, queues, at+"slots=0", at+"busy=0", at+"load=0", at+"dead_today=0", at+"waiting=1")
			default:
				d.Errorf("queue %d: %s", i, queues.body)
			}
		}
	})
}

// overdue adds an entry that has been due for an hour.
func (d *door) overdue(now time.Time) {
	d.Helper()
	if _, err := d.system.Schedule.Put(d.Context(), schedule.Entry{ID: "late", Spec: "@every 1h", Kind: "echo", Payload: []byte(`{"text":"x"}`), Origin: schedule.OriginAPI}); err != nil {
		d.Fatal(err)
	}
	for shard := range 16 {
		key := fmt.Sprintf("switchyard:{schedule:%d}:due", shard)
		if d.system.Redis.ZScore(d.Context(), key, "late").Err() == nil {
			d.raw("ZADD", key, now.Add(-time.Hour).UnixMilli(), "late")
		}
	}
}

// seconds fails the test unless a field is about a number of seconds.
func (d *door) seconds(a answer, path string, want float64) {
	d.Helper()
	var got float64
	if _, err := fmt.Sscan(a.field(path), &got); err != nil || got < want || got > want+60 {
		d.Errorf("%s is %q, want about %v: %s", path, a.field(path), want, a.body)
	}
}

func TestTheOverviewTellsWhatTheTokenMayKnow(t *testing.T) {
	onEach(t, false, func(d *door) {
		if _, err := d.system.Brake.Pull(d.Context(), "ada", control.Order{}); err != nil {
			d.Fatal(err)
		}
		if _, err := d.system.Brake.Ask(d.Context(), control.Pass{User: "ada", Task: "agents/a"}, "mail"); err != nil {
			d.Fatal(err)
		}
		parts := []string{"decisions", "dead", "paused", "overdue", "daemons", "late_queues", "deliveries"}
		told := func(a answer) string {
			var all []string
			for _, part := range parts {
				if strings.Contains(a.body, `"`+part+`":`) {
					all = append(all, part)
				}
			}
			return strings.Join(all, " ")
		}
		for scopes, want := range map[string]string{
			"runs:read": "decisions", "brake:read": "paused", "schedule:read": "overdue", "queues:read": "dead daemons late_queues", "briefings:read": "deliveries",
			"tasks:send": "", "admin": strings.Join(parts, " "),
		} {
			d.make(tokens.New{}, scopes)
			if got := told(d.want(http.StatusOK, d.do("GET", "/v1/overview", ""))); got != want {
				d.Errorf("%s is told %q, want %q", scopes, got, want)
			}
		}
		// Who may ask for one user alone learns of no other.
		all := []string{"runs:read", "brake:read", "schedule:read", "queues:read", "briefings:read"}
		d.make(tokens.New{User: "ada"}, all...)
		if got := told(d.want(http.StatusOK, d.do("GET", "/v1/overview", ""), "decisions=1", "paused.users=1", "paused.everyone=false")); got != "decisions paused" {
			d.Errorf("told %q of ada", got)
		}
		d.make(tokens.New{User: "bob"}, all...)
		d.want(http.StatusOK, d.do("GET", "/v1/overview", ""), "decisions=0", "paused.users=0")
		if _, err := d.system.Brake.Pull(d.Context(), control.Everyone, control.Order{}); err != nil {
			d.Fatal(err)
		}
		d.want(http.StatusOK, d.do("GET", "/v1/overview", ""), "paused.users=0", "paused.everyone=true")
		for _, path := range []string{"/v1/series", "/v1/daemons"} {
			d.make(tokens.New{}, "tasks:send")
			d.want(http.StatusForbidden, d.do("GET", path, ""), "scope=queues:read")
		}
	})
}

func TestSeriesTellWhatHappenedStepByStep(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.raw("SADD", "asynq:queues", "agents", "default")
		counter := series.NewCounter(d.system.Series, zap.NewNop())
		for range 3 {
			counter.Ended("agents", tasks.OutcomeSucceeded, 2*time.Second, 20*time.Second)
		}
		counter.Ended("default", tasks.OutcomeRetried, -1, time.Millisecond)
		counter.Ended("default", tasks.OutcomeDead, -1, time.Millisecond)
		counter.Ended("default", tasks.OutcomeParked, -1, time.Millisecond)
		counter.Flush(d.Context())
		now := d.system.Redis.Time(d.Context()).Val()
		d.raw("HSET", fmt.Sprintf("switchyard:{series:agents}:%d", now.Truncate(time.Hour).Unix()), fmt.Sprint("s", now.Minute()), "7,2,0,0,0,90000")
		for span, steps := range map[string]int{"1h": 60, "24h": 96} {
			a := d.want(http.StatusOK, d.do("GET", "/v1/series?span="+span, ""), "step_seconds="+map[string]string{"1h": "60", "24h": "900"}[span],
				"queues.0.queue=agents", "queues.1.queue=default", fmt.Sprintf("total.%d=", steps), fmt.Sprintf("queues.1.points.%d=", steps))
			found := 0
			for i := range steps {
				at, agents, other := fmt.Sprintf("total.%d.", i), fmt.Sprintf("queues.0.points.%d.", i), fmt.Sprintf("queues.1.points.%d.", i)
				if a.field(agents+"succeeded") != "3" || a.field(other+"dead") != "1" {
					continue
				}
				found++
				d.want(http.StatusOK, a, at+"succeeded=3", at+"retried=1", at+"dead=1", at+"other=1", other+"retried=1", other+"wait_p50_seconds=null", other+"waiting=null")
				if a.field(agents+"waiting") == "7" { // unless a minute has begun meanwhile
					d.want(http.StatusOK, a, agents+"running=2", agents+"oldest_seconds=90", at+"waiting=7")
				}
				for path, within := range map[string][2]float64{"wait_p95_seconds": {1, 3.17}, "took_p50_seconds": {10, 31.7}} {
					var got float64
					if _, err := fmt.Sscan(a.field(agents+path), &got); err != nil || got < within[0] || got > within[1] {
						d.Errorf("%s is %v, want it within %v", path, got, within)
					}
				}
			}
			if found != 1 {
				d.Errorf("span %s: %d steps have what happened, want 1: %s", span, found, a.body)
			}
		}
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/series?span=2h", ""))
	})
}

func TestDaemonsAreToldWithWhatTheyDo(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusOK, d.do("GET", "/v1/daemons", ""), "0=")
		d.join("worker", roster.Status{Queues: []roster.Queue{{Name: "urgent", Lane: "agents", Concurrency: 4, Busy: 3}}})
		a := d.want(http.StatusOK, d.do("GET", "/v1/daemons", ""), "0.roles=[\"worker\"]", "0.state=ready", "0.ready=true", "0.draining=false", "0.version=v1", "0.commit=abc", "0.layout=1",
			"0.failing=[]", "0.queues.0.queue=urgent", "0.queues.0.lane=agents", "0.queues.0.concurrency=4", "0.queues.0.busy=3", "1=")
		for _, path := range []string{"0.seen", "0.started"} {
			if at, err := time.Parse(time.RFC3339, a.field(path)); err != nil || time.Since(at).Abs() > time.Minute {
				d.Errorf("%s is %s: %v", path, a.field(path), err)
			}
		}
	})
}
