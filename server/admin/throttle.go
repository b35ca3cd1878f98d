package admin

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// An address may fail ten times at once, and then once in six seconds: a person's mistakes are not noticed, and a program guesses 14,400 times
// a day.
const (
	failureCosts = 6 * time.Second
	mostDebt     = 10 * failureCosts
	// mostAddresses bounds what is remembered. Beyond it addresses share one account.
	mostAddresses = 4096
)

// throttle slows down who fails. The zero value is ready. It is safe for concurrent use.
type throttle struct {
	mu sync.Mutex
	// paid is when an address will have made up for its failures.
	paid map[netip.Prefix]time.Time
}

// attempt lets the address try, and has it pay if it fails. If it failed too often of late it may not try: then wait is how long it
// must rest. Attempts come one after the other, so that many at once are not more than the limit.
func (t *throttle) attempt(from netip.Addr, try func() bool) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	account := t.account(from, now)
	debt := max(0, t.paid[account].Sub(now))
	if debt+failureCosts > mostDebt {
		return debt + failureCosts - mostDebt
	}
	if !try() {
		if t.paid == nil {
			t.paid = map[netip.Prefix]time.Time{}
		}
		t.paid[account] = now.Add(debt + failureCosts)
	}
	return 0
}

// account is what the failures of an address are written to: its own, or for IPv6 that of its network, since one machine has a whole one.
func (t *throttle) account(from netip.Addr, now time.Time) netip.Prefix {
	from = from.Unmap().WithZone("")
	bits := from.BitLen()
	if from.Is6() {
		bits = 64
	}
	account, _ := from.Prefix(bits) // the error is that of no address, whose account is the zero one
	if _, known := t.paid[account]; known || len(t.paid) < mostAddresses {
		return account
	}
	for a, paid := range t.paid {
		if !paid.After(now) {
			delete(t.paid, a)
		}
	}
	if len(t.paid) < mostAddresses {
		return account
	}
	return netip.Prefix{}
}

// addressOf is where a request comes from; the zero address if that is none of TCP.
func addressOf(r *http.Request) netip.Addr {
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return from.Addr()
}
