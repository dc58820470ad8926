package tokens

import (
	"errors"
	"strings"
	"testing"
	"time"

	"switchyard/test/redistest"
)

func TestWhatATokenCannotBeIsRefusedWithItsField(t *testing.T) {
	s, _ := open(redistest.Client(t, redistest.Mini(t).Addr()))
	read := scopes(t, "tasks:read")
	for name, tc := range map[string]struct {
		n     New
		field string
		want  string
	}{
		"no name":           {New{Scopes: read}, "name", `name "": use 1 to 100 bytes that can be printed, such as "web shop"`},
		"a long name":       {New{Name: strings.Repeat("ä", 51), Scopes: read}, "name", `name "äää`},
		"a line break":      {New{Name: "a\nb", Scopes: read}, "name", `name "a\nb": use`},
		"no UTF-8":          {New{Name: "a\xff", Scopes: read}, "name", `name "a\xff": use`},
		"no scope":          {New{Name: "a"}, "scopes", "there are 0 scopes: give 1 to 50, such as tasks:send:agent_*"},
		"many scopes":       {New{Name: "a", Scopes: make([]Scope, 51)}, "scopes", "there are 51 scopes"},
		"a scope of none":   {New{Name: "a", Scopes: []Scope{{}}}, "scopes", `scope "" is unknown`},
		"a scope by hand":   {New{Name: "a", Scopes: []Scope{{TasksSend, "A*"}}}, "scopes", `scope "tasks:send:A*": pattern "A*"`},
		"everyone":          {New{Name: "a", Scopes: read, User: "*"}, "user", `user "*" stands for everyone: give the id of one user`},
		"a moment":          {New{Name: "a", Scopes: read, Expires: time.Millisecond}, "expires", "expires is 1ms: use 1s to 87600h0m0s, or 0 for never"},
		"before":            {New{Name: "a", Scopes: read, Expires: -1}, "expires", "expires is -1ns: use 1s to "},
		"too late":          {New{Name: "a", Scopes: read, Expires: longest + 1}, "expires", "expires is 87600h0m0.000000001s: use"},
		"a task of no form": {New{Name: "a", Scopes: read, Tasks: []string{"a/b"}}, "tasks", `task ID "a/b": use at most`},
		"many tasks":        {New{Name: "a", Scopes: read, Tasks: make([]string, 101)}, "tasks", "there are 101 tasks: give at most 100"},
		"sends of tasks":    {New{Name: "a", Scopes: scopes(t, "tasks:read", "tasks:send"), Tasks: []string{"t1"}}, "scopes", `scope "tasks:send": a token for some tasks alone reads and cancels them`},
		"all of tasks":      {New{Name: "a", Scopes: scopes(t, "admin"), Tasks: []string{"t1"}}, "scopes", `scope "admin": a token for some tasks alone`},
	} {
		text, _, err := s.Make(t.Context(), tc.n)
		var field *FieldError
		if !errors.As(err, &field) || field.Field != tc.field || !strings.HasPrefix(err.Error(), tc.want) || text != "" {
			t.Errorf("%s: %v, want %s: %s", name, err, tc.field, tc.want)
		}
	}
}
