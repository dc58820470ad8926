package switchyard

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

type note struct {
	Text string `json:"text"`
}

func (note) Kind() string { return "note" }

func (n note) Validate() error {
	if n.Text == "" {
		return errors.New(`field "text" is empty: say something`)
	}
	return nil
}

type careful struct{}

func (careful) Kind() string        { return "careful" }
func (*careful) Validate() error    { return nil }
func (*careful) Policy() (p Policy) { return p }

type named string

func (n named) Kind() string { return string(n) }

type scout struct{}

func (scout) Kind() string { return "agent_scout_own" }

type early struct{}

func (early) Kind() string { return "early" }
func (early) Version() int { return 0 }

type hasty struct{}

func (hasty) Kind() string   { return "hasty" }
func (hasty) Policy() Policy { return Policy{SoftLimit: new(time.Hour)} }

func TestAKindThatCannotWorkIsRefusedWithTheRemedy(t *testing.T) {
	nothing := func(context.Context, *Task, note) (any, error) { return nil, nil }
	for _, test := range []struct {
		kinds []Kind
		want  string
	}{
		{[]Kind{KindOf[careful]()}, "method Validate of *switchyard.careful would not be called: declare it on switchyard.careful, or define the kind for *switchyard.careful\n" +
			"method Policy of *switchyard.careful would not be called: declare it on switchyard.careful, or define the kind for *switchyard.careful"},
		{[]Kind{KindOf[named]()}, "kind is empty: give a name such as agent_scout"},
		{[]Kind{{}}, "kind is empty: give a name such as agent_scout"},
		{[]Kind{KindOf[scout]()}, `kind "agent_scout_own": agent_* are agents, which a user's brake stops: define an agent in the configuration, or name the kind otherwise`},
		{[]Kind{KindOf[early]()}, `kind "early" has version 0: begin with 1`},
		{[]Kind{KindOf[Args]()}, "switchyard.Args is an interface, and nobody could read a payload into it: give the type of the args"},
		{[]Kind{Define[note](nil)}, `kind "note" has no function: give one, or use KindOf for a kind that is only sent`},
		{[]Kind{Define(nothing), KindOf[note]()}, `kind "note" is defined twice`},
		{[]Kind{KindOf[hasty]()}, `policy of kind "hasty": soft_limit 1h0m0s is longer than hard_limit 5m0s: make it shorter`},
	} {
		_, err := Open(t.Context(), Config{Redis: "redis://127.0.0.1:1"}, test.kinds...)
		if err == nil || err.Error() != test.want {
			t.Errorf("error\n%v\nwant\n%s", err, test.want)
		}
	}
}

func TestAProgramWithAKindThatCannotWorkIsWrong(t *testing.T) {
	defer func(was []string) { os.Args = was }(os.Args)
	os.Args = []string{"program", "version"}
	if status := Run(KindOf[scout]()); status != 2 {
		t.Errorf("exit status %d, want 2", status)
	}
	if status := Run(KindOf[note]()); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
}

func TestArgsMayBeAPointer(t *testing.T) {
	if k := KindOf[*careful](); k.err != nil || k.definition.Name != "careful" {
		t.Errorf("kind %q, %v", k.definition.Name, k.err)
	}
}
