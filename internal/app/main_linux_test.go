package app

import (
	"testing"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"switchyard/internal/config"
)

func TestEveryDaemonConcealsItself(t *testing.T) {
	defer func() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) }()
	dumpable := -1
	err := Main(config.Flags{}, nil, func(config.Config, *zap.Logger) error {
		var err error
		dumpable, err = unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		return err
	})
	if err != nil || dumpable != 0 {
		t.Errorf("dumpable %d, %v; want 0", dumpable, err)
	}
}
