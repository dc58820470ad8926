package api

import (
	"context"
	"fmt"

	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// Hook is an address that is told of the end of a task.
type Hook struct {
	URL string        `json:"url" minLength:"1" maxLength:"2000" doc:"An http or https URL that gets a POST."`
	On  []tasks.State `json:"on,omitempty" maxItems:"4" enum:"succeeded,failed,cancelled,expired" doc:"The ends that it is told of; all if left out."`
}

// checkHooks reports which of a task's hooks could not be told, or who may not have them told. at is
// the place of the hooks.
func (s *server) checkHooks(ctx context.Context, n New, at string) error {
	if len(n.Notify) == 0 {
		return nil
	}
	if err := CallerOf(ctx).need(tokens.TasksNotify, ""); err != nil {
		return err
	}
	for i, h := range n.Notify {
		if err := s.Hooks.Check(h.URL); err != nil {
			return invalid(fmt.Sprintf("%s/%d/url", at, i), err)
		}
	}
	return nil
}
