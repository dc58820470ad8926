package api

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"switchyard/test/redistest"
)

// TestJudgesOfOthersTakeTheDescription has programs that know nothing of Switchyard read the description:
// two that look for faults in it, and one that makes a client of it, which then works. They are in the
// directory that SWITCHYARD_OPENAPI_TOOLS names: `make test-openapi` installs them with npm.
func TestJudgesOfOthersTakeTheDescription(t *testing.T) {
	tools := os.Getenv("SWITCHYARD_OPENAPI_TOOLS")
	if tools == "" {
		t.Skip("SWITCHYARD_OPENAPI_TOOLS is not set: run make test-openapi")
	}
	d := open(t, "redis://"+redistest.Server(t).Addr, true)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"openapi.json": string(d.description()), "package.json": `{"type":"module"}`, ".spectral.yaml": `extends: ["spectral:oas"]`,
		"redocly.yaml": "extends: [recommended]\nrules: {info-license: off}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client, err := os.ReadFile("testdata/generated.ts")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "generated.ts"), client, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(tools, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), name, args...)
		command.Dir = dir
		said, err := command.CombinedOutput()
		if err != nil {
			t.Errorf("%s %v: %v\n%s", name, args, err, said)
		}
		return string(said)
	}
	tool := func(name string, args ...string) { run(filepath.Join(tools, "node_modules", ".bin", name), args...) }
	tool("redocly", "lint", "--config", "redocly.yaml", "openapi.json")
	tool("spectral", "lint", "--fail-severity=error", "openapi.json")
	tool("openapi-typescript", "openapi.json", "--output", "api.d.ts")
	tool("tsc", "--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", "--skipLibCheck", "generated.ts")
	want := "201 succeeded {\"text\":\"hello\"}\necho\n422 /problems/invalid /payload/text\n"
	if got := run("node", "generated.js", d.url); got != want {
		t.Errorf("the client says %q, want %q", got, want)
	}
}
