package oracle

import (
	"fmt"

	"github.com/hibiken/asynq"
)

// inspect returns which calls of asynq's inspector fail. Of a count that is none it panics.
func (p *patient) inspect() (wrong []string) {
	defer func() {
		if r := recover(); r != nil {
			wrong = append(wrong, fmt.Sprintf("asynq's inspector panics: %v", r))
		}
	}()
	group := func(queue string, opts ...asynq.ListOption) ([]*asynq.TaskInfo, error) {
		return p.inspector.ListAggregatingTasks(queue, "user:ada", opts...)
	}
	for name, list := range map[string]func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
		"pending": p.inspector.ListPendingTasks, "active": p.inspector.ListActiveTasks, "scheduled": p.inspector.ListScheduledTasks,
		"retry": p.inspector.ListRetryTasks, "archived": p.inspector.ListArchivedTasks, "completed": p.inspector.ListCompletedTasks, "aggregating": group,
	} {
		if _, err := list(p.queue); err != nil {
			wrong = append(wrong, fmt.Sprintf("asynq cannot list the %s tasks: %v", name, err))
		}
	}
	if _, err := p.inspector.GetQueueInfo(p.queue); err != nil {
		wrong = append(wrong, fmt.Sprintf("asynq cannot look at the queue: %v", err))
	}
	if _, err := p.inspector.Groups(p.queue); err != nil {
		wrong = append(wrong, fmt.Sprintf("asynq cannot list the groups: %v", err))
	}
	return wrong
}
