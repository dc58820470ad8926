package program

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// CheckFile reports why this process could not execute file in dir, "" for its own directory.
func CheckFile(file, dir string) error {
	if dir != "" {
		_, err := os.Stat(dir + string(filepath.Separator) + ".") // which one that may enter it can
		if err != nil {
			return fmt.Errorf("dir %q: %w: create it where the workers run, for their user to enter", dir, cause(err))
		}
	}
	at := file
	if dir != "" && strings.ContainsRune(file, filepath.Separator) && !filepath.IsAbs(file) {
		at = dir + string(filepath.Separator) + file // a relative one is looked for where it is to run
	}
	if _, err := exec.LookPath(at); err != nil {
		return fmt.Errorf("command %q: %w: install it where the workers run, executable for their user, or name another", file, cause(err))
	}
	return nil
}

// cause returns what an error of the system says beside the name of the file.
func cause(err error) error {
	if look, ok := errors.AsType[*exec.Error](err); ok {
		err = look.Err
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return err
}
