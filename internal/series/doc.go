// Package series keeps the figures of each minute in Redis, for two days, so that charts need no
// Prometheus. Workers count their attempts and the waits of tasks in memory, and add them to Redis
// every ten seconds, see [Counter]. Monitors and schedulers look how full the queues are once a
// minute, see [Sampler]. A [Store] reads what both have written.
//
// Nothing depends on the figures, and nothing waits for them. What is damaged in Redis is left out.
package series
