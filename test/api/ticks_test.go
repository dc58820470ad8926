package api

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/daemon"
	"switchyard/internal/tokens"
)

func TestAnEntryTellsItselfInWords(t *testing.T) {
	onEach(t, false, func(d *door) {
		const entry = `{"spec":"0 8 * * MON-FRI","zone":"Europe/Berlin","kind":"echo","payload":{"text":"good morning"},"owner":"ada"}`
		const words = "words=At 08:00 on Monday to Friday, Europe/Berlin time"
		d.want(http.StatusOK, d.do("PUT", "/v1/schedule/morning?dry_run=true", entry), words)
		d.want(http.StatusCreated, d.do("PUT", "/v1/schedule/morning", entry), words)
		d.want(http.StatusOK, d.do("GET", "/v1/schedule/morning", ""), words)
		d.want(http.StatusOK, d.do("GET", "/v1/schedule?owner=ada", ""), "items.0."+words)
		d.want(http.StatusOK, d.do("GET", "/v1/schedule?late=true", ""), "items=[]")
		d.want(http.StatusOK, d.do("GET", "/v1/schedule/morning/ticks", ""), "items=[]", "overdue=null")
		d.want(http.StatusNotFound, d.do("GET", "/v1/schedule/none/ticks", ""), "type=/problems/not-found")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/schedule/morning/ticks?n=101", ""), "type=/problems/invalid")
		d.make(tokens.New{}, "tasks:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/schedule/morning/ticks", ""), "scope=schedule:read")
	})
}

func TestTheLastTicksTellWhatBecameOfTheirTasks(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusCreated, d.do("PUT", "/v1/schedule/often", `{"spec":"@every 1s","kind":"echo","payload":{"text":"a"}}`))
		ctx, cancel := context.WithCancel(d.Context())
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		running.Go(func() { _ = app.NewScheduler(d.system).Run(daemon.Stop{Quiet: ctx, Drain: ctx}) })
		for d.do("GET", "/v1/schedule/often/ticks?n=2", "").field("items.1.state") != "succeeded" {
			if d.Context().Err() != nil {
				d.Fatal("its ticks do not succeed")
			}
		}
		a := d.want(http.StatusOK, d.do("GET", "/v1/schedule/often/ticks?n=2", ""), "items.0.queue=default", "items.2=")
		last, err := time.Parse(time.RFC3339, a.field("items.0.at"))
		if err != nil {
			d.Fatal(err)
		}
		for i, path := range []string{"items.0", "items.1"} {
			at := last.Add(-time.Duration(i) * time.Second)
			d.want(http.StatusOK, a, path+".at="+at.Format(time.RFC3339), path+".task=often@"+at.Format("20060102T150405Z"))
		}
	})
}
