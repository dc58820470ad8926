package redbeat

import (
	"errors"
	"fmt"
	"time"

	"switchyard/internal/schedule"
)

// Verdict says whether an entry of RedBeat's can move.
type Verdict string

// The verdicts.
const (
	AsItIs     Verdict = "moves as it is"
	WithChange Verdict = "moves with a change"
	Cannot     Verdict = "cannot move"
	LeftOut    Verdict = "is left out" // it has no task to run here any more, and nothing is lost
)

// Move is what becomes of one entry.
type Move struct {
	From string // its name in RedBeat
	Task string // its task's name there, "" if that cannot be read
	// Entry is what it becomes, if the verdict is that it moves.
	Entry schedule.Entry
	// LastRun is the moment from which RedBeat counts, when the entry last ran or was made,
	// and Next the first tick after it, which may be past. Both are whole seconds. LastRun is
	// zero if RedBeat has none, and then Next is the first to come.
	LastRun, Next time.Time
	Verdict       Verdict
	// Changes say what will be different, if anything.
	Changes []string
	// Why says why the entry does not move.
	Why error
	// Lacks is what celery.kinds lacks for Celery's workers to perform its task, nil if nothing.
	Lacks *Lack
}

// Moves reports whether there is an entry to write.
func (m Move) Moves() bool { return m.Verdict == AsItIs || m.Verdict == WithChange }

// end leaves out an entry that will not be due again.
func (m Move) end(s Stored) Move {
	if m.Entry.End.IsZero() && s.Scheduled && s.Score >= 0 {
		return m.Refuse(fmt.Errorf("it would not be due again here, and RedBeat has it due at %s: run it there once more, or remove it", stamp(scoreTime(s.Score))))
	}
	return m.leaveOut(errors.New("it is over: no tick follows its last run"))
}

// Refuse returns m as an entry that cannot move, and why.
func (m Move) Refuse(err error) Move {
	m.Verdict, m.Why, m.Changes, m.Entry, m.Next = Cannot, err, nil, schedule.Entry{}, time.Time{}
	return m
}

func (m Move) leaveOut(err error) Move {
	m = m.Refuse(err)
	m.Verdict = LeftOut
	return m
}
