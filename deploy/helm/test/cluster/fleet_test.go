package cluster

import (
	"context"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fleet plays the controllers and the kubelet for one pool: it runs as many workers as the
// Deployment says, and notes how many these were.
type fleet struct {
	make func() *exec.Cmd

	mu      sync.Mutex
	workers []*exec.Cmd
	wanted  int
	away    bool // the node is gone: nothing starts
	changed chan int
}

// play follows a pool until the test ends.
func (s *server) play(t *testing.T, pool, redis string) *fleet {
	t.Helper()
	f := &fleet{changed: make(chan int, 100)}
	f.make = func() *exec.Cmd {
		cmd, _ := s.daemon(t, "worker-"+pool, redis)
		logged(t, cmd)
		return cmd
	}
	ctx, cancel := context.WithCancel(t.Context())
	name := release + "-switchyard-worker-" + pool
	watch, err := s.client.Resource(deployments).Namespace(namespace).Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for event := range watch.ResultChan() {
			if o, ok := event.Object.(*unstructured.Unstructured); ok {
				n, _, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
				f.want(t, int(n))
			}
		}
	}()
	t.Cleanup(func() {
		watch.Stop()
		cancel()
		<-done
		f.want(t, 0)
	})
	return f
}

// want starts and stops workers.
func (f *fleet) want(t *testing.T, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n != f.wanted {
		f.wanted = n
		f.changed <- n
	}
	for !f.away && len(f.workers) < n {
		worker := f.make()
		if err := worker.Start(); err != nil {
			t.Error(err)
			return
		}
		f.workers = append(f.workers, worker)
	}
	for len(f.workers) > n {
		last := f.workers[len(f.workers)-1]
		f.workers = f.workers[:len(f.workers)-1]
		_ = last.Process.Signal(syscall.SIGTERM)
		if err := last.Wait(); err != nil {
			t.Errorf("a worker ends with %v", err)
		}
	}
}

// lose has all workers die with their node.
func (f *fleet) lose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = true
	for _, worker := range f.workers {
		_ = worker.Process.Kill()
		_ = worker.Wait()
	}
	f.workers = nil
}

// replace brings another node.
func (f *fleet) replace(t *testing.T) {
	f.mu.Lock()
	f.away = false
	n := f.wanted
	f.mu.Unlock()
	f.want(t, n)
}
