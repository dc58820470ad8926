//go:build !linux

package bench

import "syscall"

func ofItsOwn() *syscall.SysProcAttr { return nil }
