package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// beStubborn runs a program that takes the right to remove its directory from its user.
func beStubborn() {
	cmd, out := sh("stat -c %a .; mkdir -p a/b; touch a/b/c; chmod 0 a/b a; pwd")
	p, err := Start(cmd, Bounds{OwnDir: true})
	if err == nil {
		err = p.Wait(context.Background(), 0)
	}
	mode, dir, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
	_, there := os.Stat(dir)
	fmt.Println(err, mode, errors.Is(there, os.ErrNotExist))
}

func TestADirectoryOfItsOwnIsGoneAfterwards(t *testing.T) {
	for _, whoever := range []bool{true, false} {
		cmd := ofTest(t, "own directory")
		base := filepath.Dir(cmd.Path)
		cmd.Env = append(cmd.Env, "TMPDIR="+base)
		if !whoever {
			asNobody(t, cmd)
			if err := os.Chmod(base, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "<nil> 700 true\n" {
			t.Errorf("%q, %v; want no error, the mode 700, and that it is gone", out, err)
		}
	}
}

func TestAnOwnDirectoryIsNotMadeWhereSomebodyElseMayWrite(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	place := filepath.Join(dir, fmt.Sprintf("switchyard-programs-%d", os.Geteuid()))
	if err := os.Symlink("/tmp", place); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(); fmt.Sprint(err) != "own_dir: "+place+" is not a directory that belongs to this user and to nobody else: remove it, or set TMPDIR to another place" {
		t.Errorf("error %v", err)
	}
}
