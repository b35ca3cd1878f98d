// Package fuzzcost holds fuzz targets to what an input may cost. An attacker chooses the input: whatever it is, it must be cheap.
package fuzzcost

import (
	"runtime"
	"testing"
	"time"
)

const (
	// MaxTime is the longest that an input may take.
	MaxTime = 50 * time.Millisecond
	// MaxAllocation is how many bytes may be allocated for each byte of the input.
	MaxAllocation = 64
	// repeats is how often an input is tried again before it counts as slow: the machine has other work too.
	repeats = 5
)

// Check does the work of an input of so many bytes, and fails the test if it takes longer than MaxTime each time, or allocates more than
// MaxAllocation for each byte and floor, the bytes that any input may cost. The work must be the same when it is done again.
func Check(t testing.TB, size, floor int, work func()) {
	t.Helper()
	allocated, took := measure(work)
	for range repeats {
		if took <= MaxTime {
			break
		}
		_, again := measure(work)
		took = min(took, again)
	}
	if took > MaxTime {
		t.Errorf("an input of %d bytes takes %v, more than %v", size, took, MaxTime)
	}
	if most := uint64(MaxAllocation*size + floor); allocated > most {
		_, _ = measure(func() {}) // what else was allocated meanwhile is not the input's
		if allocated, _ = measure(work); allocated > most {
			t.Errorf("an input of %d bytes allocates %d bytes, more than %d", size, allocated, most)
		}
	}
}

func measure(work func()) (allocated uint64, took time.Duration) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	work()
	took = time.Since(begin)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, took
}
