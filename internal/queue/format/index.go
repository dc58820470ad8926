package format

import (
	_ "embed"
	"strconv"
	"strings"
	"time"
	"unicode"

	"switchyard/internal/tasks"
)

// IndexLua keeps the index of a queue's tasks; it stands before the scripts that change it.
//
//go:embed index.lua
var IndexLua string

// IndexField is the field of a task's hash that says in which sets of the index the task is.
const IndexField = "index"

// Labels are what a task is found by. They never change.
type Labels struct {
	Kind string
	User string // "" for none
	Tags []string
}

// LabelsOf returns the labels of a message, whoever wrote it.
func LabelsOf(m *Message) Labels {
	return Labels{Kind: m.Kind, User: tasks.UserOf(m.Payload), Tags: TagsOf(m.Headers)}
}

// String returns the labels as the scripts read them. It is "" for a kind that cannot be looked
// for, as only a foreign client can send one.
func (l Labels) String() string {
	if l.Kind == "" || len(l.Kind) > maxIndexedKind || strings.ContainsFunc(l.Kind, unicode.IsControl) {
		return ""
	}
	user := ""
	if l.User != "" {
		user = tasks.UserKey(l.User)
	}
	return l.Kind + "\n" + user + "\n" + strings.Join(l.Tags, ",")
}

// maxIndexedKind bounds the name of a kind that a foreign client may have made up.
const maxIndexedKind = 200

// TagsOf returns the tags among the headers of a task.
func TagsOf(headers map[string]string) []string {
	text := headers[TagsHeader]
	if text == "" {
		return nil
	}
	tags := strings.Split(text, ",")
	if tasks.CheckTags(tags) != nil {
		return nil // a foreign client's
	}
	return tags
}

// IndexKey returns what the keys of the index of a queue begin with.
func IndexKey(queue string) string { return OwnKey(queue, "index:") }

// KindsKey returns the set of the kinds that the index of a queue has, or had.
func KindsKey(queue string) string { return IndexKey(queue) + "kinds" }

// ByKind returns the sorted set of the tasks of a queue that are of a kind.
func ByKind(queue, kind string) string { return IndexKey(queue) + "kind:" + kind }

// ByUser returns the sorted set of those that work for a user.
func ByUser(queue, user string) string { return IndexKey(queue) + "user:" + tasks.UserKey(user) }

// ByTag returns the sorted set of those that have a tag.
func ByTag(queue, tag string) string { return IndexKey(queue) + "tag:" + tag }

// MemberID returns the ID of a member of [ByKind]'s set. Only the ID may have line breaks, if a
// foreign client made it.
func MemberID(member string) string {
	for range 2 {
		cut := strings.LastIndexByte(member, '\n')
		if cut < 0 {
			return member
		}
		member = member[:cut]
	}
	return member
}

// Created returns when a task was added, by its [IndexField]: the zero time if it does not say.
func Created(field string) time.Time {
	micros, _, _ := strings.Cut(field, "\n")
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
