package documents

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// What is read of a document: first what tells whether it is known already, and then, if it is not,
// what was put and when its words became new.
var (
	versionFields  = []string{"hash", "stored"}
	documentFields = []string{"document", "stored", "hash"}
)

// read returns those documents of ids that there are, in their order. What is in the place of one and
// cannot be read is none: it stops no others. Those that are known cost one
// round trip together, and those that are not another one.
func (s *Store) read(ctx context.Context, ids []string) ([]Document, error) {
	versions, err := s.fields(ctx, ids, versionFields)
	if err != nil {
		return nil, err
	}
	found := make(map[string]Document, len(ids))
	var unknown []string
	for i, id := range ids {
		if d, ok := s.known.get(id, versionOf(versions[i][0], versions[i][1])); ok {
			found[id] = d
		} else {
			unknown = append(unknown, id)
		}
	}
	if err := s.learn(ctx, unknown, found); err != nil {
		return nil, err
	}
	documents := make([]Document, 0, len(ids))
	for _, id := range ids {
		if d, ok := found[id]; ok {
			documents = append(documents, d)
		}
	}
	return documents, nil
}

// learn reads documents that are not known, and adds those that there are to found.
func (s *Store) learn(ctx context.Context, ids []string, found map[string]Document) error {
	if len(ids) == 0 {
		return nil
	}
	read, err := s.fields(ctx, ids, documentFields)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if d, ok := decode(read[i]); ok {
			// Under its key, whatever it says of itself: that is what it is asked for by.
			s.known.add(id, d, versionOf(read[i][2], read[i][1]))
			found[id] = d
		}
	}
	return nil
}

// fields returns the named fields of each document, in one round trip: nil for what is not there.
func (s *Store) fields(ctx context.Context, ids, names []string) ([][]any, error) {
	replies, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, id := range ids {
			p.HMGet(ctx, s.documentKey(id), names...)
		}
		return nil
	})
	fields := make([][]any, len(ids))
	for i, reply := range replies {
		switch failed := reply.Err(); {
		case failed == nil:
			fields[i] = reply.(*redis.SliceCmd).Val()
		case redis.HasErrorPrefix(failed, "WRONGTYPE"):
			fields[i] = make([]any, len(names))
		default:
			return nil, failed
		}
	}
	if len(replies) < len(ids) {
		return nil, err
	}
	return fields, nil
}

// decode returns the document of [documentFields] and true, or false if they hold none.
func decode(fields []any) (Document, bool) {
	encoded, _ := fields[0].(string)
	var d Document
	if json.Unmarshal([]byte(encoded), &d) != nil {
		return Document{}, false
	}
	// A document that changed in no substance has the time of its words and not of its last put.
	if text, ok := fields[1].(string); ok {
		if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
			d.Stored = time.UnixMilli(ms).UTC()
		}
	}
	return d, true
}
