package tokens

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestAScopeIsReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]Scope{
		"tasks:send":           {TasksSend, ""},
		"tasks:send:agent_*":   {TasksSend, "agent_*"},
		"tasks:read:agent_one": {TasksRead, "agent_one"},
		"tasks:cancel:a*":      {TasksCancel, "a*"},
		"runs:decide":          {RunsDecide, ""},
		"admin":                {Admin, ""},
	} {
		got, err := ParseScope(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
	if got, err := ParseScope("tasks:send:*"); err != nil || got.String() != "tasks:send" {
		t.Errorf("every kind is %s, %v", got, err)
	}
	var list []Scope
	if err := json.Unmarshal([]byte(`["admin","tasks:read:a_*"]`), &list); err != nil || len(list) != 2 || list[1] != (Scope{TasksRead, "a_*"}) {
		t.Errorf("%v, %v", list, err)
	}
}

func TestAScopeThatIsNoneIsRefusedWithWhatWouldBeRight(t *testing.T) {
	for text, want := range map[string]string{
		"":                      `scope "" is unknown: use one of tasks:send, tasks:read, `,
		"tasks":                 `scope "tasks" is unknown`,
		"tasks:*":               `scope "tasks:*" is unknown`,
		"Admin":                 `scope "Admin" is unknown`,
		"admin" + " ":           `scope "admin " is unknown`,
		"admin:x":               `scope "admin:x" is unknown`,
		"tasks:notify:agent_*":  `scope "tasks:notify:agent_*": tasks:notify is not for some kinds alone, only tasks:send, tasks:read, tasks:cancel are: use tasks:notify`,
		"tasks:send:":           `scope "tasks:send:": pattern "" can never match: kind is empty`,
		"tasks:send:a*b":        `scope "tasks:send:a*b": pattern "a*b" can never match`,
		"tasks:send:agent_*:x":  `scope "tasks:send:agent_*:x": pattern "agent_*:x" can never match`,
		strings.Repeat("x", 99): `scope "` + strings.Repeat("x", 60) + `" is unknown`,
	} {
		_, err := ParseScope(text)
		var field *FieldError
		if !errors.As(err, &field) || field.Field != "scopes" || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestAScopeAllowsItsActionOnItsKinds(t *testing.T) {
	for _, tc := range []struct {
		scope  string
		action Action
		kind   string
		want   bool
	}{
		{"tasks:send", TasksSend, "agent_x", true},
		{"tasks:send", TasksSend, "", true},
		{"tasks:send", TasksRead, "agent_x", false},
		{"tasks:send:agent_*", TasksSend, "agent_x", true},
		{"tasks:send:agent_*", TasksSend, "agent_", true},
		{"tasks:send:agent_*", TasksSend, "agents", false},
		{"tasks:send:agent_*", TasksSend, "", false},
		{"tasks:send:agent_*", TasksSend, "*", false},
		{"tasks:send:agent_*", TasksSend, "agent_*", true},
		{"tasks:send:agent_*", TasksSend, "agent_x*", true},
		{"tasks:send:agent_x", TasksSend, "agent_x*", false},
		{"tasks:send:agent_x", TasksSend, "agent_x", true},
		{"tasks:send:agent_x", TasksSend, "agent_xy", false},
		{"tasks:send:agent_x", TasksCancel, "agent_x", false},
		{"schedule:write", ScheduleRead, "", false},
		{"admin", TasksCancel, "anything", true},
		{"admin", Admin, "", true},
		{"schedule:write", Admin, "", false},
	} {
		s, err := ParseScope(tc.scope)
		if got := s.Allows(tc.action, tc.kind); err != nil || got != tc.want {
			t.Errorf("%s on %s of %q: %t, %v", tc.scope, tc.action, tc.kind, got, err)
		}
	}
	if (Scope{}).Allows("", "") {
		t.Error("no scope allows something")
	}
	if !(Token{}).Allows(KindsRead, "") || (Token{}).Allows(TasksRead, "x") {
		t.Error("a token without scopes may read kinds, and nothing else")
	}
}

func FuzzAScopeThatIsReadIsWrittenTheSameAndNarrowerThanItsAction(f *testing.F) {
	f.Add("tasks:send:agent_*")
	f.Add("admin")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseScope(text)
		if err != nil {
			return
		}
		if again, err := ParseScope(s.String()); err != nil || again != s || s.String() != strings.TrimSuffix(text, ":*") {
			t.Errorf("%q is read as %+v and then as %+v, %v", text, s, again, err)
		}
		if !(Scope{Action: s.Action}).Allows(s.Action, s.Pattern) || !s.Allows(s.Action, s.Pattern) {
			t.Errorf("%s does not allow itself", s)
		}
	})
}
