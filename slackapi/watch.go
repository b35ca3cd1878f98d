package slackapi

import (
	"cmp"
	"context"
	"strings"
)

// Exchange is one HTTP call of the SCIM API and what came of it, for records of what was done: no value of a person is in it.
type Exchange struct {
	Method string
	Path   string // below the versioned base, with {id} for the id of a user or group, and without its query
	Status int    // of HTTP; 0 if there was no answer
	Error  string // Slack's identifier or, if it sent none, the Kind; "" after a success
}

// watchKey carries who is told of calls.
type watchKey struct{}

// Watch returns a context whose calls are told to do, each when it has its answer or has failed, and before it returns. Calls that are never sent,
// because their turn does not come, are not told.
func Watch(ctx context.Context, do func(Exchange)) context.Context {
	return context.WithValue(ctx, watchKey{}, do)
}

// tell tells of a call, if somebody watches.
func (c call) tell(ctx context.Context, a answer, e *Error) {
	do, watched := ctx.Value(watchKey{}).(func(Exchange))
	if !watched {
		return
	}
	x := Exchange{Method: c.method, Path: c.path, Status: a.status}
	if c.byID {
		x.Path = c.path[:strings.LastIndexByte(c.path, '/')+1] + "{id}"
	}
	if e != nil {
		x.Error = cmp.Or(e.ID, e.Kind.String())
	}
	do(x)
}
