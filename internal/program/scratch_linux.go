package program

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Programs' own directories are in one of this process, which it holds locked as long as it
// lives: those that are not locked are left over from a process that was killed.
//
//	/tmp/switchyard-programs-0/worker-123/run-456

// throughOnly lets other users through to what is theirs, without showing them what there is.
const throughOnly = 0o711

// scratch is this process's directory; the file holds its lock.
var scratch = sync.OnceValues(openScratch)

// makeDir makes a directory that only its account may enter.
func makeDir(who account) (string, error) {
	home, err := scratch()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(home.Name(), "run-")
	if err != nil {
		return "", fmt.Errorf("own_dir: %w", err)
	}
	if !who.own() {
		if err := os.Chown(dir, who.user, who.group); err != nil {
			return "", errors.Join(fmt.Errorf("own_dir: %w", err), os.Remove(dir))
		}
	}
	return dir, nil
}

// base returns the directory of all processes of this user, which nobody else may have made.
func base() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("switchyard-programs-%d", os.Geteuid()))
	if err := os.Mkdir(dir, throughOnly); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("own_dir: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("own_dir: %w", err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || !ok || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("own_dir: %s is not a directory that belongs to this user and to nobody else: remove it, or set TMPDIR to another place", dir)
	}
	return dir, os.Chmod(dir, throughOnly) // whatever the umask is
}

// openScratch makes this process's directory. Another process that sweeps may remove it before
// it is locked: then it makes another one.
func openScratch() (*os.File, error) {
	parent, err := base()
	if err != nil {
		return nil, err
	}
	for range 100 {
		dir, err := os.MkdirTemp(parent, "worker-")
		if err != nil {
			return nil, fmt.Errorf("own_dir: %w", err)
		}
		file, err := os.Open(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("own_dir: %w", err)
		}
		if lock(file) && os.Chmod(dir, throughOnly) == nil {
			return file, nil
		}
		_ = file.Close()
	}
	return nil, fmt.Errorf("own_dir: no directory in %s can be locked: set TMPDIR to a file system that has locks", parent)
}

// lock takes the lock of a directory that nobody holds. It is let go when this process ends,
// however it does.
func lock(dir *os.File) bool {
	return syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// Sweep removes the directories of programs whose worker was killed.
func Sweep() error {
	parent, err := base()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return fmt.Errorf("own_dir: %w", err)
	}
	var errs []error
	for _, entry := range entries {
		dir, err := os.OpenFile(filepath.Join(parent, entry.Name()), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_DIRECTORY, 0)
		if err != nil {
			continue // it is gone, or none of ours
		}
		if lock(dir) {
			errs = append(errs, removeAll(dir.Name()))
		}
		_ = dir.Close()
	}
	return errors.Join(errs...)
}

// removeAll removes a directory, also if a program has taken the right to do so from its user.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	root, err := os.OpenRoot(filepath.Dir(dir)) // so that no link leads out of it
	if err != nil {
		return fmt.Errorf("own_dir: %w", err)
	}
	defer func() { _ = root.Close() }()
	name := filepath.Base(dir)
	_ = fs.WalkDir(root.FS(), name, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = root.Chmod(path, 0o700)
		}
		return nil
	})
	if err := root.RemoveAll(name); err != nil {
		return fmt.Errorf("own_dir: %w", err)
	}
	return nil
}
