// Package usage keeps what the agents of each user spend in a day, in tokens and in money,
// and keeps them within a limit: what a call may take at most is set aside before it is
// made, in one step with the question whether there is room for it. So calls at the same
// time, on any number of workers, cannot pass the limit together.
package usage

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/tasks"
)

//go:embed usage.lua
var usageLua string

var usageScript = redis.NewScript(usageLua)

const (
	// kept is how long a day's account is kept.
	kept = 62 * 24 * time.Hour
	// lapse is after how long what was set aside is given back if nobody says what became of
	// the call: its worker is gone.
	lapse = 15 * time.Minute
	// tryEvery is what is waited between two tries while Redis does not answer.
	tryEvery = 200 * time.Millisecond
	// parts is how many parts a unit of money has in an account.
	parts = 1e6
)

// Amount is an amount of tokens and of money.
type Amount struct {
	Tokens int64   `json:"tokens" yaml:"tokens,omitempty"`
	Money  float64 `json:"money,omitempty" yaml:"money,omitempty"`
}

func (a Amount) micro() int64 { return int64(math.Ceil(a.Money * parts)) }

// Limit errors of a call there is no room for.
var (
	ErrTokens = errors.New("the user's tokens of the day are used up")
	ErrMoney  = errors.New("the user's money of the day is used up")
)

// Book is the book of all accounts. It is safe for concurrent use, by any number of
// processes.
type Book struct {
	client redis.UniversalClient
	prefix string
	limit  Amount
	now    func() time.Time
}

// NewBook returns a book whose keys carry prefix, which includes its colon. limit is what a
// user may spend in a day; a part that is 0 has no limit. Days are those of UTC.
func NewBook(client redis.UniversalClient, prefix string, limit Amount, now func() time.Time) *Book {
	return &Book{client: client, prefix: prefix, limit: limit, now: now}
}

// Limit returns what a user may spend in a day; a part that is 0 has no limit.
func (b *Book) Limit() Amount { return b.limit }

// Limited reports whether there is a limit at all.
func (b *Book) Limited() bool { return b.limit != Amount{} }

// Call is a call that something is set aside for.
type Call struct {
	book        *Book
	user, agent string
	name, day   string
}

func (b *Book) key(user, name, day string) string {
	return b.prefix + "{user:" + tasks.UserKey(user) + "}:" + name + ":" + day
}

// Check reports why an amount cannot be a limit.
func (a Amount) Check() error {
	if a.Tokens < 0 || a.Money < 0 {
		return fmt.Errorf("tokens %d and money %g must not be negative", a.Tokens, a.Money)
	}
	return nil
}

// do makes a step, again while Redis does not answer, until ctx ends.
func (c Call) do(ctx context.Context, step string, args ...any) (said string, err error) {
	keys := []string{c.book.key(c.user, "spent", c.day), c.book.key(c.user, "reserved", c.day), c.book.key(c.user, "settled", c.day)}
	err = cache.Patiently(ctx, tryEvery, cache.IsFinal, func() error {
		said, err = usageScript.Run(ctx, c.book.client, keys, append([]any{step, c.name}, args...)...).Text()
		return err
	})
	if err != nil {
		return "", fmt.Errorf("%s what the agents of %s spend: %w", step, c.user, err)
	}
	return said, nil
}

// Reserve sets aside what a call of a user's agent takes at most, under a name that the same
// call has each time it is tried. The error is [ErrTokens] or [ErrMoney] if there is no room.
// The call is to be settled or released. While Redis does not answer, these three try again
// until ctx ends.
func (b *Book) Reserve(ctx context.Context, user, agent, name string, most Amount) (Call, error) {
	if err := tasks.CheckUser(user); err != nil {
		return Call{}, err
	}
	c := Call{book: b, user: user, agent: agent, name: strings.Join(strings.Fields(name), "_"), day: b.now().UTC().Format(time.DateOnly)}
	said, err := c.do(ctx, "reserve", most.Tokens, most.micro(), b.limit.Tokens, b.limit.micro(), int(lapse.Seconds()), int(kept.Seconds()))
	switch {
	case err != nil:
		return Call{}, err
	case said == "tokens":
		return Call{}, ErrTokens
	case said == "money":
		return Call{}, ErrMoney
	}
	return c, nil
}

// Settle writes what the call has taken.
func (c Call) Settle(ctx context.Context, took Amount) error {
	_, err := c.do(ctx, "settle", took.Tokens, took.micro(), c.agent, int(kept.Seconds()))
	return err
}

// Release gives back what was set aside: the call has taken nothing.
func (c Call) Release(ctx context.Context) error {
	_, err := c.do(ctx, "release")
	return err
}

// Line is what an agent of a user has spent in a day.
type Line struct {
	User  string `json:"user"`
	Day   string `json:"day"` // of UTC
	Agent string `json:"agent"`
	Calls int64  `json:"calls"`
	Amount
}

// Lines returns what a user's agents have spent, or everybody's if user is "", since a day.
// They are sorted by user, day and agent. For a user it asks for each day that is kept, in one round
// trip; for everybody it walks through all keys.
func (b *Book) Lines(ctx context.Context, user string, since time.Time) (lines []Line, err error) {
	if user == "" {
		lines, err = b.everybodys(ctx, since.UTC().Format(time.DateOnly))
	} else if err = tasks.CheckUser(user); err == nil {
		lines, err = b.users(ctx, user, since)
	}
	if err != nil {
		return nil, fmt.Errorf("read what agents spend: %w", err)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return strings.Compare(a.User+" "+a.Day+" "+a.Agent, b.User+" "+b.Day+" "+b.Agent)
	})
	return lines, nil
}

// users is Lines for one user.
func (b *Book) users(ctx context.Context, user string, since time.Time) (lines []Line, err error) {
	end := b.now().UTC().AddDate(0, 0, 1) // another process's clock may be ahead
	days := make(map[string]*redis.MapStringStringCmd)
	_, err = b.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for at := end; at.After(end.Add(-kept - 48*time.Hour)); at = at.AddDate(0, 0, -1) {
			if day := at.Format(time.DateOnly); day >= since.UTC().Format(time.DateOnly) {
				days[day] = p.HGetAll(ctx, b.key(user, "spent", day))
			}
		}
		return nil
	})
	for day, fields := range days {
		lines = append(lines, linesOf(user, day, fields.Val())...)
	}
	return lines, err
}

// everybodys is Lines for all users.
func (b *Book) everybodys(ctx context.Context, from string) (lines []Line, err error) {
	var mu sync.Mutex
	before, between := b.prefix+"{user:", "}:spent:"
	err = cache.EachMaster(ctx, b.client, func(ctx context.Context, master redis.UniversalClient) error {
		keys := master.Scan(ctx, 0, before+"*"+between+"*", 1000).Iterator()
		for keys.Next(ctx) {
			whose, day, _ := strings.Cut(strings.TrimPrefix(keys.Val(), before), between)
			if day < from {
				continue
			}
			fields, err := master.HGetAll(ctx, keys.Val()).Result()
			if err != nil {
				return err
			}
			mu.Lock()
			lines = append(lines, linesOf(tasks.UserOfKey(whose), day, fields)...)
			mu.Unlock()
		}
		return keys.Err()
	})
	return lines, err
}

// linesOf returns the lines of one account.
func linesOf(user, day string, fields map[string]string) []Line {
	var lines []Line
	number := func(field string) int64 {
		n, _ := strconv.ParseInt(fields[field], 10, 64) // written by the script
		return n
	}
	for field := range fields {
		if agent, ok := strings.CutPrefix(field, "calls:"); ok {
			lines = append(lines, Line{
				User: user, Day: day, Agent: agent, Calls: number(field),
				Amount: Amount{Tokens: number("tokens:" + agent), Money: float64(number("money:"+agent)) / parts},
			})
		}
	}
	return lines
}
