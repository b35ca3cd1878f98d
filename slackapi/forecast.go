package slackapi

import (
	"maps"
	"time"
)

// Backlog is how many calls of a limit are still to come in a lane.
type Backlog struct {
	Lane  Lane
	Limit string
	Calls int
}

// forecast estimates when a call of the named limit would get its turn if it entered the lane now: the waiters ahead of
// it count, those who may still come do not. 0 means at once; an unknown name waits for nothing.
func (g *governor) forecast(name string, lane Lane) time.Duration {
	return g.forecastBehind(name, lane, nil)
}

// forecastBehind is forecast behind a backlog too.
func (g *governor) forecastBehind(name string, lane Lane, backlog []Backlog) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.buckets[name]
	if b == nil {
		return 0
	}
	set := b
	if b.set != nil {
		set = b.set
	}
	ahead := map[*bucket]int{}
	for _, w := range g.waiting {
		if w.lane <= lane && (w.bucket == set || w.bucket.set == set) {
			ahead[w.bucket]++
		}
	}
	for _, one := range backlog {
		if other := g.buckets[one.Limit]; one.Lane <= lane && other != nil && (other == set || other.set == set) {
			ahead[other] += one.Calls
		}
	}
	return b.turnBehind(set, ahead, time.Now())
}

// turnBehind returns when b has a token for the one behind those ahead. Those of other endpoints count for the set only as fast as their own
// buckets let them.
func (b *bucket) turnBehind(set *bucket, ahead map[*bucket]int, now time.Time) time.Duration {
	wait := b.readyIn(ahead[b]+1, now)
	for range 20 { // each round can only find more who go first; it settles after a few
		first := ahead[set]
		for other, n := range ahead {
			if other != set {
				first += min(n, other.givenBy(wait, now))
			}
		}
		longer := set.readyIn(first+1, now)
		if longer <= wait {
			break
		}
		wait = longer
	}
	return wait
}

// Least returns how long calls take that begin with every burst unspent, by the published limits with overrides and our share of them (as
// for Config). calls are by the names of the limits; those of an endpoint count for its set too. Errors are those of New about limits.
func Least(calls map[string]int, overrides map[string]Limit, share float64) (time.Duration, error) {
	limits, err := effectiveLimits(overrides, share)
	if err != nil {
		return 0, err
	}
	sums := maps.Clone(calls)
	for name, n := range calls {
		if set := setOf(name); set != "" {
			sums[set] += n
		}
	}
	var longest float64
	for name, n := range sums {
		longest = max(longest, float64(n-limits[name].Burst)/limits[name].PerMinute*60)
	}
	return time.Duration(longest * float64(time.Second)), nil
}
