package briefings

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// wire is a channel that a repetition does not leave as it was, such as mail.
type wire struct {
	err   error
	taken []Delivery
	then  func() // what happens once it has been taken
}

func (w *wire) Repeats() bool { return false }

func (w *wire) Deliver(_ context.Context, d Delivery) error {
	if w.err == nil || errors.As(w.err, new(errDoubt)) {
		w.taken = append(w.taken, d)
	}
	if w.then != nil {
		w.then()
	}
	return w.err
}

// toEmail is a rig whose user has the channel email alone, with a briefing stored.
func toEmail(t *testing.T, client redis.UniversalClient) (*rig, *wire, DeliverArgs) {
	r, w := newRig(t, client), &wire{}
	u := r.users["ada"]
	u.Channels, u.Email = []string{"email"}, "ada@example.org"
	r.users["ada"] = u
	r.Channels["email"] = w
	if err := r.Store.Put(t.Context(), Briefing{ID: "b1", User: "ada", Created: noon}); err != nil {
		t.Fatal(err)
	}
	return r, w, DeliverArgs{User: "ada", Briefing: "b1", Channel: "email"}
}

func (r *rig) ledger(id string) string {
	all, err := r.Store.Ledger(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		out = append(out, fmt.Sprintf("%s %s %d", e.Channel, e.State, e.Attempt))
	}
	return strings.Join(out, ", ")
}

func (r *rig) wantLedger(want string) {
	r.t.Helper()
	if got := r.ledger("b1"); got != want {
		r.t.Errorf("ledger %q, want %q", got, want)
	}
}

func TestEachChannelHasATaskOfItsOwnSoThatOneThatFailsHoldsUpNoOther(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, w, _ := toEmail(t, client)
		u := r.users["ada"]
		u.Channels = []string{"email", "in_app"}
		r.users["ada"] = u
		w.err = errors.New("away")
		if err := r.perform("w", WriteArgs{User: "ada", Briefing: "b1", Until: noon}); err == nil || tasks.IsPermanent(err) || tasks.IsParked(err) {
			t.Errorf("err %v, want one to retry", err)
		}
		if len(r.delivered) != 1 {
			t.Errorf("delivered %d times in the app", len(r.delivered))
		}
		r.wantLedger("email failed 1, in_app delivered 1")
	})
}

func TestAnIntentWithoutAnEndIsNeverSentAgainUnlessAPersonWantsIt(t *testing.T) {
	for decision, want := range map[DeliveryState]struct {
		ledger string
		sent   int
	}{Ordered: {"email delivered 2", 1}, Settled: {"email settled 1", 0}} {
		redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
			r, w, args := toEmail(t, client)
			lost, err := r.Store.begin(t.Context(), "b1", "email", false, noon) // and then its worker was killed
			if err != nil || lost.State != Begun {
				t.Fatalf("begun %+v, %v", lost, err)
			}
			for range 2 {
				err = r.perform("b1.to.email", args)
				if !tasks.IsParked(err) || err.Error() != "parked: nobody knows whether b1 reached its reader by email (the worker was lost while it delivered): look there, then send it again with switchyard briefing again b1 email, or leave it with switchyard briefing settle b1 email" {
					t.Fatalf("err %v", err)
				}
			}
			r.wantLedger("email doubtful 1")
			if doubts, err := r.Store.Doubts(t.Context(), "", 10); err != nil || len(doubts) != 1 || doubts[0].Briefing != "b1" || doubts[0].Channel != "email" {
				t.Errorf("doubts %+v, %v", doubts, err)
			}
			if n, err := r.Store.InDoubt(t.Context()); err != nil || n != 1 {
				t.Errorf("%d are in doubt, %v; want 1", n, err)
			}
			if _, done, err := r.Store.Decide(t.Context(), "b1", "email", decision, "ada", noon); !done || err != nil {
				t.Fatalf("decided %v, %v", done, err)
			}
			for range 2 {
				if err := r.perform("b1.to.email", args); err != nil {
					t.Fatal(err)
				}
			}
			r.wantLedger(want.ledger)
			if len(w.taken) != want.sent {
				t.Errorf("sent %d times, want %d", len(w.taken), want.sent)
			}
			if n, err := r.Store.InDoubt(t.Context()); err != nil || n != 0 {
				t.Errorf("%d are in doubt, %v; want none", n, err)
			}
			if doubts, err := r.Store.Doubts(t.Context(), "", 10); err != nil || len(doubts) != 0 || client.ZCard(t.Context(), "p:briefings:doubtful").Val() != 0 {
				t.Errorf("doubts %+v, %v", doubts, err)
			}
		})
	}
}

func TestADeliveryThatMayHaveHappenedWaitsForAPerson(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, w, args := toEmail(t, client)
		w.err = InDoubt(errors.New("no answer after DATA"))
		for range 3 {
			if err := r.perform("b1.to.email", args); !tasks.IsParked(err) {
				t.Fatalf("err %v", err)
			}
		}
		if len(w.taken) != 1 {
			t.Errorf("sent %d times", len(w.taken))
		}
		r.wantLedger("email doubtful 1")
	})
}

func TestAnAttemptThatIsStoppedWhileItDeliversNotesHowThatHasEnded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, w, args := toEmail(t, client)
		ctx, cancel := context.WithCancel(t.Context())
		w.then = cancel
		if _, err := r.deliver(ctx, nil, args); err != nil {
			t.Fatal(err)
		}
		r.wantLedger("email delivered 1")
	})
}

func TestALostAttemptThatComesBackTellsTheTruthAndEndsNoOther(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, _, args := toEmail(t, client)
		lost, err := r.Store.begin(t.Context(), "b1", "email", false, noon)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.perform("t", args); !tasks.IsParked(err) {
			t.Fatal(err)
		}
		if err := r.Store.end(t.Context(), "b1", lost, Delivered, "", noon); err != nil {
			t.Fatal(err)
		}
		r.wantLedger("email delivered 1")
		// It fails late, while another attempt is under way that a person has ordered.
		if err := r.Store.Put(t.Context(), Briefing{ID: "b2", User: "ada", Created: noon}); err != nil {
			t.Fatal(err)
		}
		lost, _ = r.Store.begin(t.Context(), "b2", "email", false, noon)
		_, _ = r.Store.begin(t.Context(), "b2", "email", false, noon)
		_, _, _ = r.Store.Decide(t.Context(), "b2", "email", Ordered, "ada", noon)
		if again, err := r.Store.begin(t.Context(), "b2", "email", false, noon); err != nil || again.State != Begun {
			t.Fatalf("%+v, %v", again, err)
		}
		if err := r.Store.end(t.Context(), "b2", lost, Failed, "late", noon); err != nil {
			t.Fatal(err)
		}
		if got := r.ledger("b2"); got != "email begun 2" {
			t.Errorf("ledger %q", got)
		}
		r.wantLedger("email delivered 1")
	})
}

func TestAChannelThatMayRepeatDoesSoWithoutAsking(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, _, args := toEmail(t, client)
		if _, err := r.Store.begin(t.Context(), "b1", "in_app", true, noon); err != nil {
			t.Fatal(err)
		}
		u := r.users["ada"]
		u.Channels = []string{"in_app"}
		r.users["ada"] = u
		args.Channel = "in_app"
		if err := r.perform("t", args); err != nil || len(r.delivered) != 1 {
			t.Errorf("delivered %d, %v", len(r.delivered), err)
		}
		r.wantLedger("in_app delivered 2")
	})
}

func TestNothingIsSentOnAChannelThatTheUserHasLeft(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, w, args := toEmail(t, client)
		u := r.users["ada"]
		u.Channels = []string{"in_app"}
		r.users["ada"] = u
		if err := r.perform("t", args); err != nil || len(w.taken) != 0 {
			t.Errorf("sent %d, %v", len(w.taken), err)
		}
	})
}

func TestWhatOthersWroteIntoTheLedgerSendsNothingTwice(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for value, want := range map[string]string{
			"not json":                        "email doubtful 0",
			`[]`:                              "email doubtful 0",
			`{"state":7}`:                     "email doubtful 0",
			`{"state":"begun","attempt":"x"}`: "email doubtful 0",
		} {
			r, _, args := toEmail(t, client)
			client.HSet(t.Context(), "p:briefing:b1", "delivery:email", value)
			_ = r.perform("t", args)
			if got := r.ledger("b1"); got != want {
				t.Errorf("%s: ledger %q, want %q", value, got, want)
			}
			client.Del(t.Context(), "p:briefing:b1")
		}
		r, w, args := toEmail(t, client)
		client.HSet(t.Context(), "p:briefing:b1", "delivered:email", 1) // as earlier releases did
		if err := r.perform("t", args); err != nil || len(w.taken) != 0 {
			t.Errorf("sent %d, %v", len(w.taken), err)
		}
	})
}

func TestABriefingThatIsGoneIsNotMadeAnewByItsLedger(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, w, args := toEmail(t, client)
		w.then = func() { client.Del(t.Context(), "p:briefing:b1") }
		if err := r.perform("t", args); err != nil {
			t.Fatal(err)
		}
		if n := client.Exists(t.Context(), "p:briefing:b1").Val(); n != 0 {
			t.Error("the briefing is there again")
		}
		if err := r.perform("t", args); !tasks.IsPermanent(err) {
			t.Errorf("err %v", err)
		}
	})
}

func TestTheArchiveIsLeafedThroughInBothDirections(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(client, "p:", Keep{For: 180 * 24 * time.Hour, PerUser: 5})
		for i := range 7 {
			for _, user := range []string{"ada", "bob"} {
				b := Briefing{ID: fmt.Sprintf("%s%d", user, i), User: user, Created: noon.Add(time.Duration(i) * time.Hour)}
				if err := s.Put(t.Context(), b); err != nil {
					t.Fatal(err)
				}
			}
		}
		list := func(q Query) string {
			t.Helper()
			q.Limit = 2
			page, err := s.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			ids := make([]string, len(page.Briefings))
			for i, b := range page.Briefings {
				ids[i] = b.ID
			}
			return fmt.Sprint(ids, page.Newer, page.Older)
		}
		at := func(hour int) time.Time { return noon.Add(time.Duration(hour) * time.Hour) }
		for want, q := range map[string]Query{
			"[bob6 ada6] false true":  {},
			"[ada6 ada5] false true":  {User: "ada"},
			"[ada4 ada3] true true":   {User: "ada", Before: at(5)},
			"[ada2] true false":       {User: "ada", Before: at(3)}, // of seven, five are kept
			"[ada5 ada4] true true":   {User: "ada", After: at(3)},
			"[ada6 ada5] false true ": {User: "ada", After: at(4)},
			"[] false false":          {User: "eve"},
		} {
			if got := list(q); got != strings.TrimSpace(want) {
				t.Errorf("%+v: %s, want %s", q, got, want)
			}
		}
		if client.Exists(t.Context(), "p:briefing:ada1").Val() != 0 || client.Exists(t.Context(), "p:briefing:ada2").Val() != 1 {
			t.Error("what is beyond those that are kept is still there, or more than that is gone")
		}
		if ttl := client.TTL(t.Context(), "p:briefing:ada6").Val(); ttl <= s.keep.For-time.Minute || ttl > s.keep.For {
			t.Errorf("kept for %s, want %s", ttl, s.keep.For)
		}
		client.HSet(t.Context(), "p:briefing:ada6", "briefing", "not json")
		if got := list(Query{User: "ada"}); got != "[ada5] false true" {
			t.Errorf("beside one that cannot be read: %s", got)
		}
	})
}
