package agents

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// letter notes how far a request has come that asks a server to call a tool. The request's
// context carries it to where it is sent. It is safe for concurrent use.
type letter struct {
	left    atomic.Bool  // so much of it that the server may act on it
	end     atomic.Int64 // where it ends in what a program was written
	refused atomic.Bool  // a program has answered that it does not do it
	status  atomic.Int32 // that a service has answered with, 0: none
}

type letterKey struct{}

// withLetter returns a context that carries a letter.
func withLetter(ctx context.Context, l *letter) context.Context {
	return context.WithValue(ctx, letterKey{}, l)
}

// letterOf returns the letter that a context carries, or nil.
func letterOf(ctx context.Context) *letter {
	l, _ := ctx.Value(letterKey{}).(*letter)
	return l
}

// codeRejected is the code that the SDK gives errors of its own, which no server has sent.
const codeRejected = -32005

// judge says of the error of a call what is known of the call: that the server has refused it
// or has failed, which is told to the model as it is, that it is an [unsentError], or that it
// is a [doubtError]. What answers 5xx may have done it, or be a gateway that has passed it on.
func (l *letter) judge(err error) error {
	status := int(l.status.Load())
	switch {
	case err == nil:
		return nil
	case !l.left.Load():
		return unsentError{err}
	case l.refused.Load(), status < http.StatusMultipleChoices && answered(err) != nil:
		return refuse("%v", err)
	case status >= http.StatusMultipleChoices && status < http.StatusInternalServerError:
		return refuse("%v", err)
	}
	return doubtError{err}
}

// knowsNoSession reports whether a service may have answered that it does not know the session:
// with 404, as the protocol has it, or with 400, as many do, and a code of their own. The call
// was not made then.
func (l *letter) knowsNoSession(err error) bool {
	switch l.status.Load() {
	case http.StatusNotFound:
		return true
	case http.StatusBadRequest:
		answer := answered(err)
		return answer == nil || answer.Code <= lastOwnCode && answer.Code >= firstOwnCode
	}
	return false
}

// The codes of JSON-RPC that are a server's own (https://www.jsonrpc.org/specification).
const firstOwnCode, lastOwnCode = -32099, -32000

// answered returns the error of JSON-RPC that a server has answered, nil if it has not.
func answered(err error) *jsonrpc.Error {
	var answer *jsonrpc.Error
	if errors.As(err, &answer) && answer.Code != codeRejected {
		return answer
	}
	return nil
}
