package slacksim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// FaultKind is a way in which a call goes wrong.
type FaultKind int

// The kinds of faults. "Before" means that the call has no effect.
const (
	// DropAnswer lets the call take effect and ends the connection.
	DropAnswer FaultKind = iota + 1
	// DropBefore ends the connection before the effect. To the client it
	// looks the same as DropAnswer.
	DropBefore
	// ConnectionRefused fails to connect. Over real HTTP, where the
	// connection exists already, it is the same as DropBefore.
	ConnectionRefused
	// StatusBefore answers Status (500 if zero) with an HTML body, before the
	// effect.
	StatusBefore
	// StatusAfter lets the call take effect and then answers so.
	StatusAfter
	// TooManyRequests answers 429 with RetryAfter, before the effect.
	TooManyRequests
	// RefuseWith answers Status (400 if zero) with Slack's error Error,
	// before the effect: invited_user_not_created, for example, comes and
	// goes (CODE). Errors of the Web API keep their status 200.
	RefuseWith
	// Latency delays the call by Delay. Effect says when it takes effect.
	Latency
	// TruncateBody lets the call take effect and ends the connection in the
	// middle of the body.
	TruncateBody
	// ApplyLate answers nothing, or Status with an HTML body if it is not
	// zero, and lets the call take effect Delay later, unlocked, so that
	// later writes may come first.
	ApplyLate
	// WrongActive deactivates the account that the call creates or updates,
	// and says so in the answer: the incident of April 2024 (DOC).
	WrongActive
)

var faultNames = [...]string{
	"none", "DropAnswer", "DropBefore", "ConnectionRefused", "StatusBefore", "StatusAfter", "TooManyRequests",
	"RefuseWith", "Latency", "TruncateBody", "ApplyLate", "WrongActive",
}

func (k FaultKind) String() string {
	if k < 0 || int(k) >= len(faultNames) {
		return fmt.Sprintf("FaultKind(%d)", int(k))
	}
	return faultNames[k]
}

// EffectTime says when a delayed call takes effect.
type EffectTime int

// The moments at which a delayed call may take effect.
const (
	EffectAtEnd      EffectTime = iota // after the delay, even if the client has gone
	EffectAtStart                      // before the delay
	EffectUnlessGone                   // after the delay, but not if the client has gone
)

// Fault is something that goes wrong with the calls that match.
type Fault struct {
	// Which calls. Empty fields match every call; Path and Body match what
	// contains them, Path including the query.
	Endpoint string
	Method   string
	Path     string
	Body     string
	// Skip lets so many matching calls pass first.
	Skip int
	// Times is how many calls are struck; 0 means no end.
	Times int
	// Probability strikes a matching call by chance; 0 means always. Skip
	// counts all matching calls, Times those that were struck.
	Probability float64
	// Seed makes the chance repeatable.
	Seed uint64

	// What happens.
	Kind       FaultKind
	Status     int
	Error      string
	RetryAfter time.Duration // in whole seconds on the wire, at least one
	Delay      time.Duration
	Effect     EffectTime
}

// Injected is a fault that is in force.
type Injected struct {
	sim   *Sim
	fault Fault
	rand  *rand.Rand
	seen  int
	fired int
}

// Inject puts a fault in force. Faults are tried in the order of injection.
// Latency and WrongActive strike together with one other kind; of the others
// the first that matches strikes. It panics on an unknown kind.
func (s *Sim) Inject(f Fault) *Injected {
	if f.Kind < DropAnswer || f.Kind > WrongActive {
		panic("slacksim: Inject: unknown kind of fault")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in := &Injected{sim: s, fault: f, rand: rand.New(rand.NewPCG(f.Seed, 1))}
	s.faults = append(s.faults, in)
	return in
}

// ClearFaults ends all faults. Calls under way keep theirs.
func (s *Sim) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Fired returns how many calls the fault has struck.
func (in *Injected) Fired() int {
	in.sim.mu.Lock()
	defer in.sim.mu.Unlock()
	return in.fired
}

// Remove ends the fault.
func (in *Injected) Remove() {
	in.sim.mu.Lock()
	defer in.sim.mu.Unlock()
	in.sim.faults = slices.DeleteFunc(in.sim.faults, func(f *Injected) bool { return f == in })
}

// strikes says whether the fault strikes this call, and counts it.
func (in *Injected) strikes(r *request, rt route) bool {
	f := in.fault
	switch {
	case f.Endpoint != "" && f.Endpoint != rt.endpoint,
		f.Method != "" && f.Method != r.method,
		f.Path != "" && !strings.Contains(r.target(), f.Path),
		f.Body != "" && !strings.Contains(string(r.body), f.Body),
		f.Times > 0 && in.fired >= f.Times:
		return false
	}
	in.seen++
	if in.seen <= f.Skip {
		return false
	}
	if f.Probability > 0 && in.rand.Float64() >= f.Probability {
		return false
	}
	in.fired++
	return true
}

// plan is what the faults make of one call.
type plan struct {
	delay       time.Duration
	effect      EffectTime
	wrongActive bool
	fault       Fault // of another kind, or zero
}

// strike asks every fault about a call.
func (s *Sim) strike(r *request, rt route) plan {
	var p plan
	for _, in := range s.faults {
		combines := in.fault.Kind == Latency || in.fault.Kind == WrongActive
		if !combines && p.fault.Kind != 0 || !in.strikes(r, rt) {
			continue
		}
		switch in.fault.Kind {
		case Latency:
			p.delay += in.fault.Delay
			p.effect = in.fault.Effect
		case WrongActive:
			p.wrongActive = true
		default:
			p.fault = in.fault
		}
	}
	return p
}

// kind is what the call log shows.
func (p plan) kind() FaultKind {
	switch {
	case p.fault.Kind != 0:
		return p.fault.Kind
	case p.wrongActive:
		return WrongActive
	case p.delay > 0:
		return Latency
	}
	return 0
}

// before returns the answer of a fault that keeps the call from its effect,
// or nil.
func (p plan) before(rt route) *answer {
	f := p.fault
	switch f.Kind {
	case DropBefore:
		return &answer{loss: lossDropped}
	case ConnectionRefused:
		return &answer{loss: lossRefused}
	case StatusBefore:
		return htmlAnswer(orInt(f.Status, 500))
	case TooManyRequests:
		e := tooMany("too_many_requests", f.RetryAfter)
		if rt.web {
			return e.web("ratelimited")
		}
		return e.answer(rt.version)
	case RefuseWith:
		if rt.web {
			return webError(f.Error)
		}
		return refuse(orInt(f.Status, 400), f.Error).answer(rt.version)
	}
	return nil
}

// after returns what a fault makes of an answer.
func (p plan) after(a *answer) *answer {
	switch f := p.fault; f.Kind {
	case DropAnswer:
		return &answer{loss: lossDropped}
	case StatusAfter:
		return htmlAnswer(orInt(f.Status, 500))
	case TruncateBody:
		if len(a.body) > 0 {
			a.loss = lossTruncated
		}
	}
	return a
}

// late returns the answer to a call that takes effect later.
func (p plan) late() *answer {
	if p.fault.Status == 0 {
		return &answer{loss: lossDropped}
	}
	return htmlAnswer(p.fault.Status)
}
