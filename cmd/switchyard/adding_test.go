package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"switchyard/test/redistest"
)

// What the documentation tells to do: files to create, commands to run, and what they print.
var (
	createFile = regexp.MustCompile("(?s)`([a-z/]+\\.go)`:\n\n```go\n(.*?)```")
	blocks     = regexp.MustCompile("(?s)```\n(.*?)```")
)

func TestAKindIsAddedAsTheDocumentationSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/adding-a-kind.md")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files, rest := createFile.FindAllSubmatch(page, -1), createFile.ReplaceAll(page, nil)
	code := blocks.FindAllSubmatch(rest, -1)
	if len(files) != 3 || len(code) != 3 {
		t.Fatalf("the page has %d files and %d other blocks, want 3 files, commands twice, and what they print", len(files), len(code))
	}
	a := &adding{t, t.TempDir(), append(os.Environ(), "SWITCHYARD_REDIS_URL=redis://"+redistest.Server(t).Addr)}
	a.shell(a.above, strings.ReplaceAll(string(code[0][1]), "../switchyard", root))
	greeter := filepath.Join(a.above, "greeter")
	for _, file := range files {
		path := filepath.Join(greeter, string(file[1]))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file[2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := a.run(greeter, string(code[1][1]))
	if want := string(code[2][1]); said != want {
		t.Errorf("the commands print\n%s\nwant\n%s", said, want)
	}
}

// adding is somebody who does what the page says, beside the repository.
type adding struct {
	t     *testing.T
	above string
	env   []string
}

// run does what commands say, line by line, and returns what they print. What runs in the background
// does so, on a port of its own, until the test ends.
func (a *adding) run(dir, commands string) string {
	a.t.Helper()
	said := ""
	for line := range strings.Lines(commands) {
		switch daemon, stays := strings.CutSuffix(strings.TrimSpace(line), " &"); {
		case stays:
			a.daemon(dir, strings.Fields(daemon))
		case !strings.HasPrefix(line, "export "): // our own Redis is named already
			said += a.shell(dir, line)
		}
	}
	return said
}

func (a *adding) daemon(dir string, words []string) {
	a.t.Helper()
	c := exec.Command(filepath.Join(dir, words[0]), append(words[1:], "--listen", "127.0.0.1:0")...) //nolint:gosec // our own page
	c.Dir, c.Env = dir, a.env
	log, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		a.t.Fatal(err)
	}
	lines := bufio.NewReader(log)
	first, err := lines.ReadString('\n') // it hears a signal from now on
	if err != nil {
		a.t.Errorf("%q says %q: %v", words, first, err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.Discard, lines)
	}()
	a.t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		<-read
		if err := c.Wait(); err != nil {
			a.t.Errorf("%q: %v", words, err)
		}
	})
}

func (a *adding) shell(dir, commands string) string {
	a.t.Helper()
	var problem strings.Builder
	c := exec.Command("sh", "-ec", commands) //nolint:gosec // our own page
	c.Dir, c.Env, c.Stderr = dir, a.env, &problem
	out, err := c.Output()
	if err != nil {
		a.t.Fatalf("%s\n%v\n%s", commands, err, &problem)
	}
	return string(out)
}
