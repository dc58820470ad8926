// Package celery is the Celery door: tasks that an unchanged Celery application sends run here, and
// its clients read their results as if a Celery worker had performed them.
//
// Messages are moved, not copied. One step takes them out of the lists of Celery's queues into a list
// of ours, the intake. They are read, added to our queues under their own IDs, and only then leave
// the intake. From there leases, retries and the brake hold as for any other task. Whoever is killed
// on the way leaves the message in the intake, and to add it again adds nothing. What no kind here
// performs is moved on to the queues of the remaining Celery workers, as it is.
//
// A task carries what its result and its next steps need. The step that ends an attempt keeps what
// there is to tell, see [tasks.Reply]; it is told to Celery's clients at once, and again should the
// one who was to tell it be killed: next messages are put into lists once, by a mark, and a final
// result is never replaced.
//
// Any number of workers may have the door open. All of them tell what they end; one at a time, who is
// on duty, takes messages in and tells what others have left behind.
package celery
