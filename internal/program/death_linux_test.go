package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// beWorker runs a program that hears nothing, in a directory of its own.
func beWorker() {
	cmd := exec.Command("/bin/sh", "-c", "pwd > $OUT/dir; cd $OUT; "+stray+"trap '' TERM HUP INT; sh -c 'echo $PPID' > main; touch ready; while :; do sleep 1000; done")
	cmd.Env = os.Environ()
	p, err := Start(cmd, Bounds{OwnDir: true})
	if err == nil {
		err = p.Wait(context.Background(), time.Hour)
	}
	fmt.Println(err)
}

func TestNothingIsLeftOfAKilledWorkersPrograms(t *testing.T) {
	dir := t.TempDir()
	worker := exec.Command(os.Args[0])
	worker.Env = append(os.Environ(), roleVariable+"=worker", "OUT="+dir, "TMPDIR="+dir)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	awaitFile(t, filepath.Join(dir, "ready"))
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait()
	awaitGone(t, filepath.Join(dir, "main"))
	awaitGone(t, filepath.Join(dir, "stray"))
	own, err := os.ReadFile(filepath.Join(dir, "dir"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	if err := Sweep(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(strings.TrimSpace(string(own))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its directory %s: %v, want it swept", own, err)
	}
}

func TestAProgramDoesNotOutliveItsKeeper(t *testing.T) {
	for _, user := range []string{"", nobody} {
		if user != "" && os.Geteuid() != 0 {
			continue
		}
		cmd := exec.Command("/bin/sh", "-c", "echo $$; while :; do sleep 1000; done")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		p, err := Start(cmd, Bounds{User: user})
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "main")
		if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(t.Context(), 0); !errors.Is(err, errKeeper) {
			t.Errorf("error %v, want that the keeper was killed", err)
		}
		awaitGone(t, file)
	}
}
