//go:build !linux

package program

// Conceal does nothing: only Linux shows a process's environment to others of its user in a
// file, and can be told not to.
func Conceal() error { return nil }
