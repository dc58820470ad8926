package commandtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestWhatIsBuiltAlreadyIsNotBuiltAgain(t *testing.T) {
	want := t.TempDir()
	t.Setenv(Variable, want)
	t.Setenv("PATH", "") // there is no go command
	for _, name := range []string{"worker", "scheduler", "monitor", "switchyard", "switchyard-bench"} {
		if _, _, err := Dir(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is missing, and it says %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(want, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir, clean, err := Dir()
	if dir != want || err != nil {
		t.Fatalf("%s, %v; want %s", dir, err, want)
	}
	clean()
	if _, err := os.Stat(filepath.Join(want, "worker")); err != nil {
		t.Errorf("what others have built is removed: %v", err)
	}
}
