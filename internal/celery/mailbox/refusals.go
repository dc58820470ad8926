package mailbox

// Remedies that several refusals have in common.
const (
	slotsInstead = "set queues.<queue>.concurrency, or the worker's --queues, and restart it"
	queueInstead = "list Celery's queues in celery.queues and restart the worker; switchyard queue pause and resume stop and start one of Switchyard's"
	debugInstead = "its programs are not Python; look at the metrics of the worker"
)

// refusals are the commands of Celery that are known and not obeyed, and what to do instead. What a
// worker does is said by its configuration, which its restart would bring back.
var refusals = map[string]string{
	"rate_limit":                "set per_user of a queue, or its concurrency",
	"time_limit":                "set policies.<kind>.soft_limit and hard_limit and restart the worker",
	"add_consumer":              queueInstead,
	"cancel_consumer":           queueInstead,
	"autoscale":                 slotsInstead,
	"pool_grow":                 slotsInstead,
	"pool_shrink":               slotsInstead,
	"pool_restart":              "restart the process of the worker",
	"shutdown":                  "stop the process of the worker with SIGTERM, as systemd or the container's runtime does",
	"revoke_by_stamped_headers": "revoke tasks by their ids, or run switchyard task cancel with --kind, --user or --tag",
	"report":                    "run switchyard config check and switchyard version where the worker runs",
	"objgraph":                  debugInstead,
	"memsample":                 debugInstead,
	"memdump":                   debugInstead,
}
