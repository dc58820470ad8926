package layout

import (
	"strconv"

	"switchyard/internal/queue/format"
)

// Feature is something that a release brought, and that older programs leave alone: they read it as it is,
// and do not do what it asks for. So it needs no new layout, but an operator has to know before going back.
type Feature struct {
	Name  string // of its field in the mark
	Since string // the release that brought it
	What  string // has it, in the plural
	Older Older
	Does  string // what an older program does, as a sentence
	First string // what to do first, before going back
	// of says whether a task has it, by its kind and headers; nil for a feature that is no task's.
	of func(kind string, headers map[string]string) bool
}

// Older is what an older program does with a feature.
type Older string

// What older programs do.
const (
	Serves Older = "serves" // the task, but not what the feature adds to it
	Leaves Older = "leaves" // it for newer programs
	Drops  Older = "drops"  // it, when it writes what has it
)

// Features are all of them, the oldest first. One is named here as long as a release may have to work
// beside one that does not know it.
var Features = []Feature{
	{
		Name: "kinds", Since: "0.2.0", What: "tasks whose kind or version only newer workers know", Older: Leaves,
		Does:  "An older worker leaves such a task for newer ones, and puts it into the dead letter after 15 minutes.",
		First: "let newer workers end them, or cancel them", of: isNewKind,
	},
	{
		Name: "notify", Since: "0.2.0", What: "tasks with notify", Older: Serves,
		Does:  "An older worker performs such a task and tells nobody of its end.",
		First: "let newer workers end them", of: has(format.NotifyHeader),
	},
	{
		Name: "batches", Since: "0.2.0", What: "tasks of batches", Older: Serves,
		Does:  "An older worker performs such a task and does not tell its batch.",
		First: "let newer workers end them", of: has(format.BatchHeader),
	},
	{
		Name: "limits", Since: "0.2.0", What: "tasks with time limits of their own", Older: Serves,
		Does:  "An older worker holds such a task to the limits of its kind.",
		First: "let newer workers end them", of: has(format.LimitsHeader),
	},
	{
		Name: "replies", Since: "0.2.0", What: "tasks of Celery's clients", Older: Serves,
		Does:  "An older worker performs such a task and tells no client of Celery its result.",
		First: "empty celery.queues, and let newer workers end them", of: has(format.ReplyHeader),
	},
	Entries,
	Owners,
	Remote,
	Editions,
}

// Features that are not told by a task's kind and headers.
var (
	Entries = Feature{
		Name: "entries", Since: "0.2.0", What: "entries of the schedule whose kind only newer schedulers know", Older: Drops,
		Does:  "An older scheduler refuses the ticks of such an entry that it takes, also while newer ones run: they are lost.",
		First: "remove them with `switchyard schedule remove`",
	}
	Owners = Feature{
		Name: "owners", Since: "0.2.0", What: "entries of several configuration files", Older: Drops,
		Does:  "An older scheduler removes the entries of all configuration files but its own, at each start.",
		First: "put them all into one file, and give up the other owners with `switchyard schedule disown`",
	}
	Remote = Feature{
		Name: "celery", Since: "0.2.0", What: "tasks that Celery's workers perform", Older: Leaves,
		Does:  "An older worker never looks for the result of such a task, which stays parked.",
		First: "let newer workers end them, or cancel them",
	}
	Editions = Feature{
		Name: "editions", Since: "0.2.0", What: "users with editions", Older: Drops,
		Does:  "An older `switchyard user set` drops the editions of a user whom it changes, and older workers make the daily one alone.",
		First: "note them with `switchyard user list`, and change no such user with the older program",
	}
)

func has(header string) func(string, map[string]string) bool {
	return func(_ string, headers map[string]string) bool { return headers[header] != "" }
}

// IsNewKind reports whether the last release does not know a kind that comes with Switchyard.
func IsNewKind(kind string) bool { return isNewKind(kind, nil) }

// isNewKind reports whether the last release does not know the kind of a task, or its version.
func isNewKind(kind string, headers map[string]string) bool {
	known, ours := Last().Payload(kind)
	version, err := strconv.Atoi(headers[format.VersionHeader])
	return ours && (known == 0 || err == nil && version > known)
}

// FeaturesOf returns the features that a task has, by its kind and headers.
func FeaturesOf(kind string, headers map[string]string) []Feature {
	var all []Feature
	for _, f := range Features {
		if f.of != nil && f.of(kind, headers) {
			all = append(all, f)
		}
	}
	return all
}

// OfTasks reports whether it is a task that has the feature.
func (f Feature) OfTasks() bool { return f.of != nil }
