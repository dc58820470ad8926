package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"switchyard/internal/config"
)

// needNothing are the commands that need neither Redis, nor the API, nor a configuration.
var needNothing = []string{"hash-password", "version", "completion", "man", "complete"}

// TestEachCommandSaysWhetherItGoesThroughTheAPI looks at what the commands ask for: one that goes
// through the API asks for a connection, one that does not for a local. Only daemons get the
// configuration as if there were no API.
func TestEachCommandSaysWhetherItGoesThroughTheAPI(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[reflect.Type]string{
		reflect.TypeFor[*connection](): "both", reflect.TypeFor[*local](): "redis", reflect.TypeFor[*config.Flags](): "daemon",
	}
	for _, leaf := range parser.Model.Leaves(false) {
		name, got := leaf.Path(), "nothing"
		run := leaf.Target.Addr().MethodByName("Run").Type()
		for in := range run.Ins() {
			if kind, ok := kinds[in]; ok {
				got = kind
			}
		}
		want := "both or redis"
		switch first, _, _ := strings.Cut(name, " "); {
		case slices.Contains([]string{"worker", "scheduler", "monitor"}, first):
			want = "daemon"
		case slices.Contains(needNothing, name):
			want = "nothing"
		}
		if !strings.Contains(want, got) {
			t.Errorf("%s asks for %s, want %s", name, got, want)
		}
	}
}
