package slackapi

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func governorOf(t *testing.T, overrides map[string]Limit, share float64) *governor {
	t.Helper()
	limits, err := effectiveLimits(overrides, share)
	if err != nil {
		t.Fatal(err)
	}
	return newGovernor(limits)
}

// turns enters n calls at once and returns when each got its turn, in order.
func turns(t *testing.T, g *governor, name string, n int) []time.Duration {
	start := time.Now()
	var mu sync.Mutex
	var out []time.Duration
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if err := g.acquire(t.Context(), LaneUpdates, name); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			out = append(out, time.Since(start))
		})
	}
	wg.Wait()
	slices.Sort(out)
	return out
}

func near(got, want time.Duration) bool { return (got - want).Abs() < time.Millisecond }

func TestPublishedRates(t *testing.T) {
	for name, row := range map[string]struct {
		n     int
		share float64
		burst int
		last  time.Duration
	}{
		LimitCreateUser:  {200, 1, 20, 60 * time.Second},
		LimitUpdateUser:  {20, 0.9, 18, 740741 * time.Microsecond},
		LimitUpdateGroup: {80, 1, 80, 0},
		LimitGetUser:     {300, 1, 300, 0},
		LimitReads:       {1000, 0.5, 500, 60 * time.Second},
		LimitWrites:      {180, 1, 180, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := turns(t, governorOf(t, nil, row.share), name, row.n)
				if !near(got[row.burst-1], 0) {
					t.Errorf("the burst of %d took %s", row.burst, got[row.burst-1])
				}
				if last := got[len(got)-1]; !near(last, row.last) {
					t.Errorf("the last of %d went after %s, want %s", row.n, last, row.last)
				}
			})
		})
	}
}

func TestShareDefaultsToNineTenths(t *testing.T) {
	limits, err := effectiveLimits(map[string]Limit{LimitDeleteGroup: {60, 1}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if limits[LimitWrites] != (Limit{540, 162}) || limits[LimitDeleteGroup] != (Limit{54, 1}) {
		t.Errorf("got %v", limits)
	}
}

func TestBadLimitsAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		limits map[string]Limit
		share  float64
	}{
		"unknown name":  {map[string]Limit{"postUser": {1, 1}}, 1},
		"no rate":       {map[string]Limit{LimitReads: {0, 1}}, 1},
		"NaN":           {map[string]Limit{LimitReads: {math.NaN(), 1}}, 1},
		"infinite":      {map[string]Limit{LimitReads: {math.Inf(1), 1}}, 1},
		"no burst":      {map[string]Limit{LimitReads: {1, 0}}, 1},
		"share over 1":  {nil, 1.1},
		"share below 0": {nil, -0.1},
		"share NaN":     {nil, math.NaN()},
	} {
		if _, err := effectiveLimits(row.limits, row.share); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// enter queues a call in the background and says its label on the channel when it goes.
func enter(t *testing.T, g *governor, wg *sync.WaitGroup, lane Lane, name, label string, out *[]string, mu *sync.Mutex) {
	wg.Go(func() {
		if err := g.acquire(t.Context(), lane, name); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		*out = append(*out, label)
	})
	synctest.Wait() // keeps the order of arrival
}

func TestLanesGoInOrderThenFirstCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governorOf(t, map[string]Limit{LimitUpdateUser: {60, 1}}, 1)
		var (
			mu  sync.Mutex
			wg  sync.WaitGroup
			got []string
		)
		enter(t, g, &wg, LaneReads, LimitUpdateUser, "uses the burst", &got, &mu)
		for _, c := range []struct {
			lane  Lane
			label string
		}{{LaneReads, "read"}, {LaneGroups, "group"}, {LaneUpdates, "update 1"}, {LaneUpdates, "update 2"}, {LaneWaited, "waited"},
			{LaneCreates, "create"}, {LaneLeavers, "leaver 1"}, {LaneLeavers, "leaver 2"}} {
			enter(t, g, &wg, c.lane, LimitUpdateUser, c.label, &got, &mu)
		}
		wg.Wait()
		want := []string{"uses the burst", "leaver 1", "leaver 2", "waited", "create", "update 1", "update 2", "group", "read"}
		if !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
}

// TestEmptyEndpointHoldsUpNobodyElse: 1000 waiting creates leave the rest of the set to others, also in lower lanes.
func TestEmptyEndpointHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governorOf(t, nil, 1)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() { _ = g.acquire(ctx, LaneLeavers, LimitCreateUser) })
		}
		synctest.Wait()
		start := time.Now()
		for _, name := range []string{LimitUpdateUser, LimitUpdateGroup, LimitGetUser, LimitReads} {
			if err := g.acquire(t.Context(), LaneReads, name); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("others waited %s", took)
		}
		cancel()
		wg.Wait()
	})
}

// TestEmptySetGoesToTheHighestLane: when the set is what is short, its next token goes to the highest lane that can use it, and
// a low lane with a free endpoint does not starve it.
func TestEmptySetGoesToTheHighestLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governorOf(t, map[string]Limit{LimitWrites: {60, 1}}, 1)
		var (
			mu  sync.Mutex
			wg  sync.WaitGroup
			got []string
		)
		for range 3 {
			enter(t, g, &wg, LaneGroups, LimitUpdateGroup, "group", &got, &mu)
		}
		enter(t, g, &wg, LaneLeavers, LimitUpdateUser, "leaver", &got, &mu)
		wg.Wait()
		if !slices.Equal(got, []string{"group", "leaver", "group", "group"}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestPauseThenCreep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governorOf(t, map[string]Limit{LimitUpdateUser: {60, 20}}, 1)
		until := time.Now().Add(10 * time.Second)
		if !g.pause(LimitUpdateUser, until) {
			t.Error("the pause is not taken")
		}
		if g.pause(LimitUpdateUser, until.Add(-time.Second)) || g.pause(LimitUpdateUser, until) || g.pause("nothing", until) {
			t.Error("a pause that changes nothing is reported")
		}
		if got := g.pauses(); len(got) != 1 || !got[LimitUpdateUser].Equal(until) {
			t.Errorf("pauses: %v", got)
		}
		if got := turns(t, g, LimitCreateUser, 1); got[0] != 0 {
			t.Error("another endpoint is paused too")
		}
		got := turns(t, g, LimitUpdateUser, 3)
		for i, want := range []float64{11.33, 12.66, 13.99} { // empty, and at three quarters of the rate
			if got[i].Seconds() < want-0.01 || got[i].Seconds() > want+0.01 {
				t.Errorf("turn %d after %s, want %v s", i, got[i], want)
			}
		}
		if got := g.pauses(); len(got) != 0 {
			t.Errorf("pauses: %v", got)
		}
		time.Sleep(2 * time.Minute) // 0.1 faster, and still no burst
		if got := turns(t, g, LimitUpdateUser, 2); !near(got[0], 0) || got[1].Seconds() < 1.16 || got[1].Seconds() > 1.18 {
			t.Errorf("got %v", got)
		}
		time.Sleep(4 * time.Minute) // full speed and a full burst again
		if got := turns(t, g, LimitUpdateUser, 21); !near(got[19], 0) || !near(got[20], time.Second) {
			t.Errorf("got %v", got)
		}
	})
}

// Calls that were under way beside the one that was too fast are too fast as well; that is one sign of being too fast, not six.
func TestOneSlowDownForCallsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governorOf(t, map[string]Limit{LimitUpdateUser: {60, 20}}, 1)
		for i := range 6 {
			g.pause(LimitUpdateUser, time.Now().Add(time.Duration(i+1)*time.Second))
		}
		if factor := g.buckets[LimitUpdateUser].factor; factor != slowDown {
			t.Errorf("six calls slow it down to %v, want %v", factor, slowDown)
		}
		for range 50 {
			time.Sleep(10 * time.Second)
			g.pause(LimitUpdateUser, time.Now().Add(time.Second))
		}
		if factor := g.buckets[LimitUpdateUser].factor; factor < slowest || factor > 2*slowest {
			t.Errorf("fifty times too fast slow it down to %v, want about %v", factor, slowest)
		}
	})
}

func TestPauseReachesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governorOf(t, map[string]Limit{LimitUpdateUser: {60, 1}}, 1)
		turns(t, g, LimitUpdateUser, 1)
		go func() {
			time.Sleep(500 * time.Millisecond)
			g.pause(LimitUpdateUser, time.Now().Add(30*time.Second))
		}()
		if got := turns(t, g, LimitUpdateUser, 1); got[0].Seconds() < 31.82 || got[0].Seconds() > 31.84 {
			t.Errorf("got %v", got)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governorOf(t, map[string]Limit{LimitUpdateUser: {1, 1}}, 1)
		turns(t, g, LimitUpdateUser, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.acquire(ctx, LaneLeavers, LimitUpdateUser); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := g.acquire(ctx, LaneLeavers, LimitGetUser); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call that is over before it starts: %v", err)
		}
		if len(g.waiting) != 0 {
			t.Error("it still waits")
		}
		if got := turns(t, g, LimitUpdateUser, 1); !near(got[0], 59*time.Second) {
			t.Errorf("who left took a token: %v", got)
		}
	})
}

func TestForecast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governorOf(t, map[string]Limit{LimitCreateUser: {60, 1}, LimitWrites: {600, 180}}, 1)
		if got := g.forecast(LimitCreateUser, LaneReads); got != 0 {
			t.Errorf("an idle budget: %s", got)
		}
		turns(t, g, LimitCreateUser, 1)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 300 {
			wg.Go(func() { _ = g.acquire(ctx, LaneCreates, LimitCreateUser) })
		}
		synctest.Wait()
		for name, row := range map[string]struct {
			limit string
			lane  Lane
			want  time.Duration
		}{
			"behind all":             {LimitCreateUser, LaneCreates, 301 * time.Second},
			"overtakes them":         {LimitCreateUser, LaneWaited, time.Second},
			"another endpoint":       {LimitUpdateUser, LaneUpdates, 0},
			"the other set":          {LimitReads, LaneReads, 0},
			"an unknown one, no one": {"nothing", LaneReads, 0},
		} {
			if got := g.forecast(row.limit, row.lane); !near(got, row.want) {
				t.Errorf("%s: %s, want %s", name, got, row.want)
			}
		}
		g.pause(LimitUpdateUser, time.Now().Add(time.Minute))
		if got := g.forecast(LimitUpdateUser, LaneLeavers); got < time.Minute {
			t.Errorf("paused: %s", got)
		}
		cancel()
		wg.Wait()
	})
}

// TestForecastComesTrue: with nobody coming later, the estimate is when the turn comes, or a little late.
func TestForecastComesTrue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ahead := rapid.SliceOfN(drawCall(), 0, 60).Draw(rt, "ahead")
		own := drawCall().Draw(rt, "own")
		synctest.Test(t, func(t *testing.T) {
			g := governorOf(t, tightLimits, 1)
			var wg sync.WaitGroup
			for _, c := range ahead {
				wg.Go(func() { _ = g.acquire(t.Context(), c.lane, c.limit) })
				synctest.Wait()
			}
			start, forecast := time.Now(), g.forecast(own.limit, own.lane)
			if err := g.acquire(t.Context(), own.lane, own.limit); err != nil {
				t.Error(err)
			}
			took := time.Since(start)
			if took > forecast+time.Millisecond && took > 2*forecast || forecast > 2*took+2*time.Second {
				rt.Errorf("it took %s, the forecast was %s", took, forecast)
			}
			wg.Wait()
		})
	})
}

type budgetCall struct {
	after time.Duration
	lane  Lane
	limit string
}

var tightLimits = map[string]Limit{LimitWrites: {240, 6}, LimitReads: {300, 8}, LimitGetUser: {120, 3},
	LimitCreateUser: {60, 2}, LimitUpdateUser: {90, 4}, LimitUpdateGroup: {60, 3}}

func drawCall() *rapid.Generator[budgetCall] {
	return rapid.Custom(func(t *rapid.T) budgetCall {
		return budgetCall{time.Duration(rapid.IntRange(0, 2000).Draw(t, "after")) * time.Millisecond,
			Lane(rapid.IntRange(0, int(LaneReads)).Draw(t, "lane")),
			rapid.SampledFrom([]string{LimitGetUser, LimitReads, LimitCreateUser, LimitUpdateUser, LimitUpdateGroup}).Draw(t, "limit")}
	})
}

// TestNoWindowHoldsMoreThanTheLimit: whatever comes, with pauses and people who give up, no window of any length has more
// calls than burst + rate x length, for endpoints and for sets, and everybody who stays is served.
func TestNoWindowHoldsMoreThanTheLimit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		share := rapid.SampledFrom([]float64{1, 0.9, 0.5, 0.1}).Draw(rt, "share")
		calls := rapid.SliceOfN(drawCall(), 1, 80).Draw(rt, "calls")
		giveUp := rapid.SliceOfN(rapid.IntRange(0, 9), len(calls), len(calls)).Draw(rt, "gives up")
		pauseAfter := rapid.IntRange(0, 100).Draw(rt, "pause before call")
		synctest.Test(t, func(t *testing.T) {
			g := governorOf(t, tightLimits, share)
			var (
				mu     sync.Mutex
				wg     sync.WaitGroup
				served = map[string][]time.Time{}
			)
			for i, c := range calls {
				time.Sleep(c.after)
				if i == pauseAfter {
					g.pause(c.limit, time.Now().Add(20*time.Second))
				}
				wg.Go(func() {
					ctx := t.Context()
					if giveUp[i] == 0 {
						short, cancel := context.WithTimeout(ctx, time.Second)
						defer cancel()
						ctx = short
					}
					if err := g.acquire(ctx, c.lane, c.limit); err != nil {
						if giveUp[i] != 0 {
							rt.Errorf("call %d was not served: %v", i, err)
						}
						return
					}
					mu.Lock()
					defer mu.Unlock()
					now := time.Now()
					served[c.limit] = append(served[c.limit], now)
					if set := setOf(c.limit); set != "" {
						served[set] = append(served[set], now)
					}
				})
			}
			wg.Wait()
			for name, times := range served {
				checkWindows(rt, name, g.buckets[name].limit, times)
			}
		})
	})
}

func checkWindows(t *rapid.T, name string, limit Limit, times []time.Time) {
	slices.SortFunc(times, time.Time.Compare)
	for i := range times {
		for j := i; j < len(times); j++ {
			allowed := float64(limit.Burst) + limit.PerMinute/60*times[j].Sub(times[i]).Seconds()
			if float64(j-i+1) > allowed+1e-6 {
				t.Fatalf("%s: %d calls in %s, allowed %f", name, j-i+1, times[j].Sub(times[i]), allowed)
			}
		}
	}
}
