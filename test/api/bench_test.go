package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// benchmarked has the API answer a benchmark. Its answers are not held against the description.
func benchmarked(b *testing.B, works bool) *door {
	b.Helper()
	d := start(b, "redis://"+redistest.Server(b).Addr, works)
	b.Cleanup(http.DefaultClient.CloseIdleConnections)
	return d
}

// post sends a request and reads its answer.
func (d *door) post(path, body string, headers ...string) {
	d.Helper()
	r, err := http.NewRequest(http.MethodPost, d.url+path, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode >= 300 {
		d.Fatalf("%s: %s %v", res.Status, text, err)
	}
}

// report reports the median and the 99th of 100 of some times, in milliseconds.
func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "ms/p50")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "ms/p99")
}

// BenchmarkSend sends tasks one by one: by the queue's client, which is the baseline, and over HTTP.
func BenchmarkSend(b *testing.B) {
	for name, send := range map[string]func(d *door){
		"client": func(d *door) {
			if _, err := d.system.Queue.Enqueue(d.Context(), echo{Text: "x"}, tasks.Options{}); err != nil {
				d.Fatal(err)
			}
		},
		"http": func(d *door) { d.post("/v1/tasks", `{"kind":"echo","payload":{"text":"x"}}`) },
		"http, once": func(d *door) {
			d.post("/v1/tasks", `{"kind":"echo","payload":{"text":"x"}}`, "Idempotency-Key: "+fmt.Sprint(time.Now().UnixNano()))
		},
	} {
		b.Run(name, func(b *testing.B) {
			d := benchmarked(b, false)
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				send(d)
				took = append(took, time.Since(began))
			}
			report(b, took)
		})
	}
}

// BenchmarkSendMany sends a thousand tasks a request.
func BenchmarkSendMany(b *testing.B) {
	d := benchmarked(b, false)
	items := strings.Repeat(`{"kind":"echo","payload":{"text":"x"}},`, 999) + `{"kind":"echo","payload":{"text":"x"}}`
	began, sent := time.Now(), 0
	for b.Loop() {
		d.post("/v1/tasks/batch", `{"items":[`+items+`]}`)
		sent += 1000
	}
	b.ReportMetric(float64(sent)/time.Since(began).Seconds(), "tasks/s")
}

// BenchmarkSendAndWait sends tasks one by one to an idle worker and waits for the end of each.
func BenchmarkSendAndWait(b *testing.B) {
	d := benchmarked(b, true)
	d.post("/v1/tasks", `{"kind":"echo","payload":{"text":"x"}}`, "Prefer: wait=60")
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		d.post("/v1/tasks", `{"kind":"echo","payload":{"text":"x"}}`, "Prefer: wait=60")
		took = append(took, time.Since(began))
	}
	report(b, took)
}

// BenchmarkSendBesideReaders sends tasks while 1,000 readers follow one that does not end, a tenth of
// whom read nothing. It reports what a reader costs the process, in kilobytes.
func BenchmarkSendBesideReaders(b *testing.B) {
	for _, readers := range []int{0, 1000} {
		b.Run(fmt.Sprint(readers), func(b *testing.B) {
			d := benchmarked(b, false)
			d.post("/v1/tasks", `{"kind":"echo","payload":{"text":"x"},"id":"watched","in":"1h"}`)
			before := memory()
			ctx, cancel := context.WithCancel(context.Background())
			var reading sync.WaitGroup
			for i := range readers {
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/v1/tasks/watched/events", nil)
				if err != nil {
					b.Fatal(err)
				}
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				reading.Go(func() {
					defer func() { _ = res.Body.Close() }()
					if i%10 == 0 {
						<-ctx.Done()
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
				})
			}
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				d.post("/v1/tasks", `{"kind":"echo","payload":{"text":"x"}}`)
				took = append(took, time.Since(began))
			}
			report(b, took)
			b.ReportMetric(float64(memory()-before)/(1<<20), "MB") // with the readers' own side
			cancel()
			reading.Wait()
		})
	}
}

// memory returns what the process holds, in bytes.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
