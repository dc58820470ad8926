package api

import (
	"net/http"
	"strconv"
	"testing"
)

// An autoscaler stops the last worker of a queue whose load is 0, so what begins between two questions has
// to be in the second answer, and what cannot be told must not read as a number.
func TestTheLoadOfAQueueIsReadForEachAnswer(t *testing.T) {
	onEach(t, false, func(d *door) {
		load := func(want int) {
			d.Helper()
			d.want(http.StatusOK, d.do("GET", "/v1/queues/agents", ""), "name=agents", "load="+strconv.Itoa(want))
		}
		load(0) // of a queue that has never had a task
		d.raw("SADD", "asynq:queues", "agents", "foreign")
		d.raw("LPUSH", "asynq:{agents}:active", "running")
		load(1)
		// A user has two turns in this queue, and ada three tasks that wait for them.
		d.raw("SADD", "asynq:{agents}:groups", "user:ada")
		d.raw("ZADD", "asynq:{agents}:g:user:ada", "1", "a", "2", "b", "3", "c")
		load(1 + 2)
		d.want(http.StatusOK, d.do("GET", "/v1/queues", ""), "0.name=agents", "0.load=3", "1.name=foreign", "1.load=0")
		d.raw("DEL", "asynq:{agents}:groups", "asynq:{agents}:active")
		load(0)

		d.want(http.StatusOK, d.do("GET", "/v1/queues/foreign", ""), "name=foreign", "load=0")
		d.want(http.StatusNotFound, d.do("GET", "/v1/queues/nowhere", ""), "type=/problems/not-found", "load=null")
		d.raw("SET", "asynq:{agents}:active", "a text")
		d.want(http.StatusInternalServerError, d.do("GET", "/v1/queues/agents", ""), "type=/problems/internal", "load=null")
	})
}
