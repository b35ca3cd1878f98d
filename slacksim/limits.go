package slacksim

import (
	"math"
	"net/http"
	"time"
)

// Limit is a rate limit: a bucket of Burst tokens into which PerMinute tokens
// flow each minute. A Burst of zero means PerMinute; a negative PerMinute
// means no limit.
type Limit struct {
	PerMinute int
	Burst     int
}

// publishedLimits are Slack's numbers, for all SCIM apps of an organization
// together (DOC). That a burst is the size of a token bucket is INF.
var publishedLimits = map[string]Limit{
	"writes":            {600, 180},
	"reads":             {1000, 1000},
	EndpointGetUser:     {300, 300},
	EndpointCreateUser:  {180, 20},
	EndpointUpdateUser:  {180, 20},
	EndpointDeleteUser:  {180, 20},
	EndpointGetGroup:    {300, 300},
	EndpointCreateGroup: {180, 20},
	EndpointUpdateGroup: {180, 80},
	EndpointDeleteGroup: {180, 20},
}

// bucket is the state of one limit.
type bucket struct {
	limit  Limit
	tokens float64
	last   time.Time // zero until the first call
}

// newBuckets makes the buckets that the options ask for. It panics on a name
// that no limit has.
func newBuckets(o Options) map[string]*bucket {
	for name := range o.Limits {
		if _, ok := publishedLimits[name]; !ok {
			panic("slacksim: Options.Limits has an unknown name: " + name)
		}
	}
	out := make(map[string]*bucket)
	if o.NoLimits {
		return out
	}
	for name, l := range publishedLimits {
		if own, ok := o.Limits[name]; ok {
			l = own
		}
		if l.PerMinute >= 0 {
			l.Burst = orInt(l.Burst, l.PerMinute)
			out[name] = &bucket{limit: l, tokens: float64(l.Burst)}
		}
	}
	return out
}

// refill adds what has flowed in since the last call.
func (b *bucket) refill(now time.Time) {
	if gone := now.Sub(b.last); !b.last.IsZero() && gone > 0 {
		b.tokens = min(float64(b.limit.Burst), b.tokens+gone.Minutes()*float64(b.limit.PerMinute))
	}
	b.last = now
}

// roundingSlack is how far below one token still counts as one, for a client
// that waits exactly as long as it must.
const roundingSlack = 1e-9

// wait is how long until a token is there; at most a minute is ever announced.
func (b *bucket) wait() time.Duration {
	missing := 1 - b.tokens
	if missing <= roundingSlack {
		return 0
	}
	if b.limit.PerMinute == 0 {
		return time.Minute
	}
	return min(time.Minute, time.Duration(missing/float64(b.limit.PerMinute)*float64(time.Minute)))
}

// throttle takes a token from the endpoint's bucket and one from the bucket of
// all reads or writes. If either is empty it takes none and returns the
// refusal: refused calls do not count (INF). Both versions share the buckets
// (INF).
func (s *Sim) throttle(r route, now time.Time) *apiError {
	all := "reads"
	if r.write() {
		all = "writes"
	}
	var need []*bucket
	var longest time.Duration
	for _, name := range []string{all, r.endpoint} {
		if b := s.buckets[name]; b != nil {
			b.refill(now)
			longest = max(longest, b.wait())
			need = append(need, b)
		}
	}
	if longest > 0 {
		return tooMany("too_many_requests", longest)
	}
	for _, b := range need {
		b.tokens = max(0, b.tokens-1)
	}
	return nil
}

// Spend takes tokens from a limit, by its name in [Options.Limits], as other
// SCIM apps of the organization do: they share all limits (DOC). A limit that
// is lifted does not mind.
func (s *Sim) Spend(name string, tokens int) {
	now := s.enter()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		b.refill(now)
		b.tokens = max(0, b.tokens-float64(tokens))
	}
}

// tooMany is a 429 with Retry-After in whole seconds, at least one.
func tooMany(id string, wait time.Duration) *apiError {
	e := refuse(http.StatusTooManyRequests, id)
	e.retryAfter = max(1, int(math.Ceil(wait.Seconds()-roundingSlack)))
	return e
}

// lock takes the resource for one write. A second write meanwhile gets a 429,
// of which resource_locked is the flavour for groups (DOC).
func (s *Sim) lock(r route) *apiError {
	res := r.resource()
	if res == "" {
		return nil
	}
	if s.locked[res] {
		if r.kind == "Groups" {
			return tooMany("resource_locked", time.Second)
		}
		return tooMany("too_many_requests", time.Second)
	}
	s.locked[res] = true
	return nil
}

func (s *Sim) unlock(r route) { delete(s.locked, r.resource()) }
