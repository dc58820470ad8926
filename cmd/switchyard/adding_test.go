package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"switchyard/test/commandtest"
	"switchyard/test/redistest"
)

// block finds the code of the documentation.
var block = regexp.MustCompile("(?s)```(?:go)?\n(.*?)```")

func TestAKindIsAddedAsTheDocumentationSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/adding-a-kind.md")
	if err != nil {
		t.Fatal(err)
	}
	var code []string
	for _, found := range block.FindAllSubmatch(page, -1) {
		code = append(code, string(found[1]))
	}
	if len(code) != 5 {
		t.Fatalf("the page has %d blocks of code, want a file, two lines, commands and their output", len(code))
	}
	dir := t.TempDir()
	build(t, dir, code[0], code[1], code[2])
	env := append(os.Environ(), "SWITCHYARD_REDIS_URL=redis://"+redistest.Server(t).Addr)
	worker := exec.Command(filepath.Join(dir, "worker"), "--listen", "127.0.0.1:0")
	worker.Env = env
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = worker.Process.Signal(os.Interrupt)
		_ = worker.Wait()
	})
	said := ""
	for line := range strings.Lines(code[3]) {
		command, ours := strings.CutPrefix(line, "bin/switchyard ")
		if !ours {
			continue // they build and begin, as above
		}
		c := exec.Command("sh", "-c", filepath.Join(dir, "switchyard")+" "+command) //nolint:gosec // our own page
		c.Env = env
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		said = string(out)
	}
	if want := strings.TrimSpace(code[4]); !strings.Contains(said, want) {
		t.Errorf("the last command prints\n%s\nwhich has not %s", said, want)
	}
}

// build builds the commands with a package more and two lines changed, as the page says.
func build(t *testing.T, dir, file, kinds, handlers string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	overlay := map[string]string{filepath.Join(root, "internal/tasks/greetings/greetings.go"): file}
	for name, line := range map[string]string{"system.go": kinds, "handlers.go": handlers} {
		path := filepath.Join(root, "internal/app", name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		begins := regexp.MustCompile(`^\s*(kinds =|for _, handlers)`).FindString(line)
		old := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(begins) + `.*\n`)
		if begins == "" || len(old.FindAll(text, -1)) != 1 {
			t.Fatalf("%s has not one line that begins as %q", name, line)
		}
		changed := old.ReplaceAllLiteralString(string(text), line)
		overlay[path] = strings.Replace(changed, "import (\n", "import (\n\t\"switchyard/internal/tasks/greetings\"\n", 1)
	}
	replaced := make(map[string]string)
	for path, content := range overlay {
		replaced[path] = filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(replaced[path], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, list, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := commandtest.Build(dir, "-overlay", overlayFile, "switchyard/cmd/worker", "switchyard/cmd/switchyard"); err != nil {
		t.Fatal(err)
	}
}
