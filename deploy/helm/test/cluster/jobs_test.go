package cluster

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// playJobs plays the controller of Jobs: each ends at once, well or not. It returns what waits for it to be
// done.
func (s *server) playJobs(t *testing.T, well bool) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	watch, err := s.client.Resource(jobs).Namespace(namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan int, 1)
	go func() {
		n := 0
		for event := range watch.ResultChan() {
			job, ok := event.Object.(*unstructured.Unstructured)
			if !ok || event.Type != "ADDED" {
				continue
			}
			if _, done, _ := unstructured.NestedSlice(job.Object, "status", "conditions"); done {
				continue
			}
			n++
			if err := s.end(ctx, job, well); err != nil && ctx.Err() == nil {
				t.Errorf("the job %s does not end: %v", job.GetName(), err)
			}
		}
		ended <- n
	}()
	return func() int {
		watch.Stop()
		cancel()
		return <-ended
	}
}

// end writes the status of a Job that has succeeded or failed.
func (s *server) end(ctx context.Context, job *unstructured.Unstructured, well bool) error {
	now := time.Now().UTC().Format(time.RFC3339)
	status := map[string]any{"startTime": now}
	condition := func(kind string) any {
		return map[string]any{"type": kind, "status": "True", "lastTransitionTime": now, "lastProbeTime": now, "reason": "Played"}
	}
	if well {
		status["completionTime"], status["succeeded"] = now, int64(1)
		status["conditions"] = []any{condition("SuccessCriteriaMet"), condition("Complete")}
	} else {
		status["failed"] = int64(1)
		status["conditions"] = []any{condition("FailureTarget"), condition("Failed")}
	}
	job.Object["status"] = status
	_, err := s.client.Resource(jobs).Namespace(namespace).UpdateStatus(ctx, job, metav1.UpdateOptions{})
	return err
}
