package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/internal/layout"
)

// tool is a grammar of each thing that a grammar can have.
type tool struct {
	File string `help:"A file."`

	Make struct {
		Color string        `enum:"red,green," default:"" help:"Its color."`
		For   time.Duration `help:"How long."`
		Count int           `help:"How many."`
		Name  string        `arg:"" help:".dotted \\name"`
		What  string        `arg:"" optional:"" enum:"cup,can" default:"cup"`
	} `cmd:"" help:"Make one."`
	Look struct {
		Far struct{} `cmd:"" help:"Far away."`
	} `cmd:"" help:"Look."`
	Secret struct{} `cmd:"" hidden:""`
	Common
}

func newTool() *Program {
	p := &Program{Name: "tool", Description: "Makes things.", Grammar: &tool{}}
	p.out = &Output{Writer: &bytes.Buffer{}}
	return p
}

func TestCompletionKnowsWhatMayComeNext(t *testing.T) {
	parser, err := newTool().parser()
	if err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]string{
		"":                        "completion look make man version",
		"m":                       "make man",
		"look ":                   "far",
		"--file x m":              "make man",
		"--file=x m":              "make man",
		"--json m":                "make man",
		"--file m":                "",
		"make --c":                "--color --count",
		"make --color ":           "green red",
		"make --color g":          "green",
		"make --file x --color r": "red",
		"make ":                   "",
		"make one ":               "can cup",
		"make one --count 3 ca":   "can",
		"make one cup ":           "",
		"nothing --f":             "--file",
		"completion ":             "bash fish zsh",
		"look far --j":            "--json",
	} {
		got := complete(parser.Model, strings.Split(words, " "))
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("after %q: %q, want %q", words, got, want)
		}
	}
}

// TestABashShellCompletes has a shell call a program of the same name that completes.
func TestABashShellCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	dir, out := t.TempDir(), &bytes.Buffer{}
	p := newTool()
	p.out.Writer = out
	if status := p.Main([]string{"completion", "bash"}); status != Done {
		t.Fatalf("status %d", status)
	}
	stub := "#!" + bash + "\n" + `printf '%s\n' "$#" "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "tool"), []byte(stub), 0o755); err != nil {
		t.Fatal(err)
	}
	script := out.String() + "COMP_WORDS=(tool make --color 'r d'); COMP_CWORD=3; _tool tool; printf '%s|' \"${COMPREPLY[@]}\""
	cmd := exec.Command(bash, "-c", script)
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
	got, err := cmd.CombinedOutput()
	if want := "5|complete|--|make|--color|r d|"; err != nil || string(got) != want {
		t.Errorf("%v, the program got %s, want %s", err, got, want)
	}
}

func TestTheManualPageHasAllThatIsNotHidden(t *testing.T) {
	p := newTool()
	out := &bytes.Buffer{}
	p.out.Writer = out
	if status := p.Main([]string{"man"}); status != Done {
		t.Fatalf("status %d", status)
	}
	for _, want := range []string{
		".TH TOOL 1", `tool \- Makes things.`, `.SS "tool make <name> [<what>]"`, `.SS "tool look far"`, `"\-\-color=`, `"\-\-file=`,
		"\n\\&.dotted \\ename\n", ".B 5\nRedis is away", "source <(tool completion bash)",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out.String(), "secret") {
		t.Error("the page has a hidden command")
	}
}

func TestWhatIsWrongWithAValueIsSaidInWords(t *testing.T) {
	for args, want := range map[string]string{
		"make x --count many":    `--count: "many" is not a whole number`,
		"make x --for soon":      `--for: "soon" is not a duration such as 90s, 10m, 2h or 7d`,
		"make x --for 1.5d":      `--for: "1.5d" is not a duration such as 90s, 10m, 2h or 7d`,
		"make x --for d":         `--for: "d" is not a duration such as 90s, 10m, 2h or 7d`,
		"make x --for 99999999d": `--for: "99999999d" is not a duration such as 90s, 10m, 2h or 7d`,
		"make x --count":         `--count: needs a value`,
		"make x --color blue":    `--color must be one of "red","green","" but got "blue"`,
		"make":                   `expected "<name>"`,
	} {
		parser, err := newTool().parser()
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(strings.Fields(args))
		if err == nil || inWords(err) != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

func TestADurationMayBeOfDays(t *testing.T) {
	for text, want := range map[string]time.Duration{"90d": 90 * 24 * time.Hour, "-1d": -24 * time.Hour, "36h": 36 * time.Hour} {
		p := newTool()
		parser, err := p.parser()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse([]string{"make", "x", "--for=" + text}); err != nil || p.Grammar.(*tool).Make.For != want {
			t.Errorf("%s is %s, %v; want %s", text, p.Grammar.(*tool).Make.For, err, want)
		}
	}
}

func TestAnErrorKeepsTheStatusGivenLast(t *testing.T) {
	cause := errors.New("gone")
	err := With(Refused, fmt.Errorf("around: %w", With(NotFound, cause)))
	if StatusOf(err) != Refused || !errors.Is(err, cause) || err.Error() != "around: gone" {
		t.Errorf("%v with %d", err, StatusOf(err))
	}
	if StatusOf(cause) != Failed || StatusOf(nil) != Done || With(Wrong, nil) != nil {
		t.Error("an error without a status, or no error")
	}
}

func TestTheVersionFlagWinsOverAnIncompleteCommandLine(t *testing.T) {
	p := newTool()
	out := &bytes.Buffer{}
	p.out.Writer = out
	if status := p.Main([]string{"make", "--version"}); status != Done || !strings.HasPrefix(out.String(), fmt.Sprintf("tool devel, layout %d, go1.", layout.Known)) {
		t.Errorf("status %d: %s", status, out)
	}
}
