package briefings

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// DeliveryState says how far a briefing has come on a channel.
type DeliveryState string

// The states of a delivery.
const (
	Begun     DeliveryState = "begun"     // an attempt is under way, or was lost
	Delivered DeliveryState = "delivered" // the channel has taken it
	Failed    DeliveryState = "failed"    // the channel has certainly not taken it
	Doubtful  DeliveryState = "doubtful"  // nobody knows whether it has: a person decides
	Ordered   DeliveryState = "ordered"   // a person wants it sent again
	Settled   DeliveryState = "settled"   // a person wants it sent no more
	Gone      DeliveryState = "gone"      // the briefing is no longer kept
)

// LedgerEntry is what is known of the delivery of a briefing on a channel.
type LedgerEntry struct {
	Channel string        `json:"channel,omitempty"`
	State   DeliveryState `json:"state"`
	Attempt int           `json:"attempt,omitempty"` // the latest, 1 for the first
	At      time.Time     `json:"at,omitzero"`       // of the latest change
	Detail  string        `json:"detail,omitempty"`  // why, in words

	// Token names the attempt, so that one that was lost and comes back ends no other.
	Token string `json:"token,omitempty"`
}

// deliveryField and deliveredField begin the fields of channels in a briefing's hash. The second
// one is that of releases that had no ledger.
const (
	deliveryField  = "delivery:"
	deliveredField = "delivered:"
)

// ErrNoDelivery says that a delivery is not one that waits for a decision.
var ErrNoDelivery = errors.New("nothing to decide")

// maxReason bounds what is kept of the reason of a failure, in bytes.
const maxReason = 500

//go:embed begin.lua
var beginSource string

//go:embed move.lua
var moveSource string

var (
	beginScript = redis.NewScript(beginSource)
	moveScript  = redis.NewScript(moveSource)
)

// begin writes the intent to deliver a briefing. The entry's state is [Begun] if the caller is to
// deliver now, and otherwise says why not. repeats says that doing so twice does no harm.
func (s *Store) begin(ctx context.Context, id, channel string, repeats bool, now time.Time) (LedgerEntry, error) {
	asked, err := json.Marshal(map[string]any{"channel": channel, "token": uuid.NewString(), "at": now.UTC(), "repeats": repeats})
	if err != nil {
		return LedgerEntry{}, fmt.Errorf("encode the intent: %w", err)
	}
	answer, err := beginScript.Run(ctx, s.client, []string{s.briefingKey(id)}, asked).StringSlice()
	if err != nil || len(answer) != 2 {
		return LedgerEntry{}, fmt.Errorf("begin the delivery of %s by %s: %w", id, channel, err)
	}
	entry := readEntry(channel, answer[1])
	entry.State = DeliveryState(answer[0])
	return entry, nil
}

// end writes how an attempt has ended.
func (s *Store) end(ctx context.Context, id string, entry LedgerEntry, state DeliveryState, detail string, now time.Time) error {
	_, _, err := s.move(ctx, id, map[string]any{
		"channel": entry.Channel, "token": entry.Token, "from": []DeliveryState{Begun, Doubtful}, "state": state, "at": now.UTC(), "detail": shorten(detail),
	})
	return err
}

// Decide writes what a person wants of a delivery that has failed or is doubtful: [Ordered] or
// [Settled]. done is false if it is in another state, which the entry tells.
func (s *Store) Decide(ctx context.Context, id, channel string, state DeliveryState, who string, now time.Time) (entry LedgerEntry, done bool, err error) {
	return s.move(ctx, id, map[string]any{
		"channel": channel, "from": []DeliveryState{Doubtful, Failed}, "state": state, "at": now.UTC(), "detail": shorten("by " + who),
	})
}

func (s *Store) move(ctx context.Context, id string, asked map[string]any) (LedgerEntry, bool, error) {
	channel := asked["channel"].(string)
	text, err := json.Marshal(asked)
	if err != nil {
		return LedgerEntry{}, false, fmt.Errorf("encode the change: %w", err)
	}
	answer, err := moveScript.Run(ctx, s.client, []string{s.briefingKey(id)}, text).Slice()
	if err != nil || len(answer) != 2 {
		return LedgerEntry{}, false, fmt.Errorf("write what became of the delivery of %s by %s: %w", id, channel, err)
	}
	raw, _ := answer[1].(string)
	return readEntry(channel, raw), answer[0] == int64(1), nil
}

// Ledger returns what is known of the deliveries of a briefing, by channel.
func (s *Store) Ledger(ctx context.Context, id string) ([]LedgerEntry, error) {
	fields, err := s.client.HGetAll(ctx, s.briefingKey(id)).Result()
	if err != nil {
		return nil, fmt.Errorf("deliveries of %s: %w", id, err)
	}
	var all []LedgerEntry
	for name, raw := range fields {
		if channel, ok := strings.CutPrefix(name, deliveryField); ok {
			all = append(all, readEntry(channel, raw))
		} else if channel, ok := strings.CutPrefix(name, deliveredField); ok {
			all = append(all, LedgerEntry{Channel: channel, State: Delivered})
		}
	}
	slices.SortFunc(all, func(a, b LedgerEntry) int { return strings.Compare(a.Channel, b.Channel) })
	return all, nil
}

// readEntry reads an entry. One that cannot be read is doubtful.
func readEntry(channel, raw string) LedgerEntry {
	entry := LedgerEntry{}
	if err := json.Unmarshal([]byte(raw), &entry); err != nil && raw != "" {
		entry = LedgerEntry{State: Doubtful, Detail: "what is noted of it cannot be read"}
	}
	entry.Channel = channel
	return entry
}

// shorten bounds a reason, and keeps it on one line: servers that are asked make parts of it.
func shorten(reason string) string {
	reason = plain(strings.ToValidUTF8(reason, ""))
	if len(reason) <= maxReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:maxReason], "") + "…"
}
