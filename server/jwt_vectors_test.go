package server

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func (f *forge) all() {
	f.algorithms()
	f.publicKeysAsSecrets()
	f.keysNamed()
	f.headers()
	f.parties()
	f.times()
	f.documents()
	f.forms()
	f.signatures()
	f.scopes()
	f.ownTokens()
	for source, alg := range algorithmOf {
		f.take("good of "+source, f.by(source, `{"alg":"`+alg+`","typ":"JWT"}`, f.claims(source)), source)
	}
}

// No forged token is taken, each good one is, and a refusal is cheap: under 64 KiB. That it takes under 1 ms is for BenchmarkRefusedJWTs to tell; here
// is a bound that a busy machine keeps.
func TestJWTVectors(t *testing.T) {
	f, keys := newForge(t)
	f.all()
	if len(f.refused) < 220 || len(f.taken) < 30 {
		t.Errorf("%d tokens to refuse and %d to take", len(f.refused), len(f.taken))
	}
	var most uint64
	var slowest time.Duration
	for _, v := range f.refused {
		caller, err := keys.byJWT(v.token)
		if err == nil || caller != (Caller{}) {
			t.Errorf("%s: taken as %v: %.300s", v.name, caller, v.token)
			continue
		}
		if parts := strings.Split(v.token, "."); len(parts[0]) > 8 && strings.Contains(err.Error(), parts[0][:8]) {
			t.Errorf("%s: the reason has the token in it: %v", v.name, err)
		}
		allocated, took := cost(func() { _, _ = keys.byJWT(v.token) })
		if allocated > 64<<10 {
			t.Errorf("%s: %d bytes are allocated", v.name, allocated)
		}
		if took > 20*time.Millisecond {
			t.Errorf("%s: takes %v", v.name, took)
		}
		most, slowest = max(most, allocated), max(slowest, took)
	}
	for _, v := range f.taken {
		caller, err := keys.byJWT(v.token)
		if err != nil || caller.Source != v.source || caller.ReadOnly != v.reads {
			t.Errorf("%s: %v, %v", v.name, caller, err)
		}
	}
	t.Logf("%d refused, %d taken; the dearest refusal allocates %d bytes, the slowest takes %v", len(f.refused), len(f.taken), most, slowest)
}

// cost is the least of several runs, as the machine does other things as well.
func cost(work func()) (allocated uint64, took time.Duration) {
	for i := range 4 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		work()
		d := time.Since(begin)
		runtime.ReadMemStats(&after)
		if a := after.TotalAlloc - before.TotalAlloc; i == 0 || a < allocated {
			allocated = a
		}
		if i == 0 || d < took {
			took = d
		}
	}
	return allocated, took
}

// BenchmarkRefusedJWTs refuses all vectors once for each operation. It tells the vector that takes longest when it takes least: what is above that is
// the machine's.
func BenchmarkRefusedJWTs(b *testing.B) {
	f, keys := newForge(b)
	f.all()
	least := make([]time.Duration, len(f.refused))
	for b.Loop() {
		for i, v := range f.refused {
			begin := time.Now()
			_, _ = keys.byJWT(v.token)
			if took := time.Since(begin); least[i] == 0 || took < least[i] {
				least[i] = took
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(f.refused)), "µs/refusal")
	b.ReportMetric(float64(slices.Max(least).Microseconds()), "µs-slowest")
}
