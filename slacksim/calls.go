package slacksim

import (
	"slices"
	"time"
)

// maxLogBytes bounds what the bodies in the call log may add up to.
const maxLogBytes = 64 << 20

// Call is a call that was made.
type Call struct {
	Time     time.Time // of its arrival
	Method   string
	Path     string // with the query
	Endpoint string
	Body     string
	// Status is that of the answer, or 0 while there is none and if there
	// never was one.
	Status int
	// Fault is the kind of the fault that struck the call, or 0.
	Fault FaultKind
}

// callLog keeps the last calls and counts them all.
type callLog struct {
	limit int
	bytes int
	calls []*Call
	count map[string]int
}

func newCallLog(limit int) callLog { return callLog{limit: limit, count: make(map[string]int)} }

// add notes an arrival. The status is filled in later.
func (l *callLog) add(c *Call) {
	l.count[c.Endpoint]++
	if l.limit < 0 {
		return
	}
	l.calls = append(l.calls, c)
	l.bytes += len(c.Body)
	for len(l.calls) > l.limit || (l.bytes > maxLogBytes && len(l.calls) > 1) {
		l.bytes -= len(l.calls[0].Body)
		l.calls[0] = nil
		l.calls = l.calls[1:]
	}
}

// Calls returns the remembered calls in the order of their arrival, the
// refused ones included.
func (s *Sim) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Call, 0, len(s.calls.calls))
	for _, c := range s.calls.calls {
		out = append(out, *c)
	}
	return out
}

// Count returns how many calls the endpoints got since the last
// [Sim.ResetCalls], refused ones included; without names, all endpoints.
func (s *Sim) Count(endpoints ...string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for name, c := range s.calls.count {
		if len(endpoints) == 0 || slices.Contains(endpoints, name) {
			n += c
		}
	}
	return n
}

// ResetCalls forgets the calls made so far.
func (s *Sim) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = newCallLog(s.opts.CallLog)
}
