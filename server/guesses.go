package server

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// guesses counts the refused credentials of each address. Only who presents a wrong one is ever slowed down: honest clients behind the same
// proxy are not kept out by an attacker, so what keeps a secret from being guessed is its length, and this keeps the log and the processor from
// being flooded.
//
// Addresses share a fixed number of buckets, so that no number of addresses takes memory. Who shares one with an attacker is told
// 429 instead of 401 when wrong.
type guesses struct {
	seed    maphash.Seed
	limit   Rate
	buckets [1024]atomic.Pointer[rate.Limiter]
}

func newGuesses(limit Rate) *guesses {
	return &guesses{seed: maphash.MakeSeed(), limit: limit}
}

// wrong takes note of a wrong credential from an address, and returns how long to wait before the next one; 0 if there were few.
func (g *guesses) wrong(address string) time.Duration {
	if g.limit.PerSecond == 0 {
		return 0
	}
	from, _ := netip.ParseAddr(address) // what is none shares the bucket of the zero one
	slot := &g.buckets[maphash.Comparable(g.seed, originOf(from))%uint64(len(g.buckets))]
	if slot.Load() == nil {
		slot.CompareAndSwap(nil, rate.NewLimiter(rate.Limit(g.limit.PerSecond), g.limit.Burst))
	}
	bucket := slot.Load()
	if bucket.Allow() {
		return 0
	}
	return time.Duration((1 - bucket.Tokens()) / g.limit.PerSecond * float64(time.Second))
}
