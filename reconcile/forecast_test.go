package reconcile

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// near reports whether a forecast came true within 5%, or 3 s.
func near(forecast, took time.Duration) bool {
	return (forecast - took).Abs() <= max(3*time.Second, took/20)
}

// What the forecast says of each lane, and of single people in it, comes true.
func TestForecastsComeTrue(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		var known []string
		for i := range 150 {
			known = append(known, w.desire(store.User, "", user(fmt.Sprintf("known%d", i))))
		}
		w.settle()
		time.Sleep(time.Hour)
		begin := time.Now()
		ids := w.desireMany(900)
		for i, id := range known {
			w.desire(store.User, id, userDoc(user(fmt.Sprintf("known%d", i))).with("title", "Boss"))
		}
		for i := range 40 {
			w.desire(store.Group, "", scim.Object{"displayName": fmt.Sprint("group", i)})
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		asked := time.Since(begin)
		lanes := map[slackapi.Lane]time.Duration{}
		for _, f := range w.loop.Overview().Lanes {
			lanes[f.Lane] = asked + f.Left
		}
		someone := map[string]time.Duration{}
		for _, i := range []int{300, 600, 890} {
			wait, ok := w.loop.Expect(store.Key{Source: "s", Type: store.User, ID: ids[i]})
			if !ok {
				t.Fatalf("person %d does not wait", i)
			}
			someone[ids[i]] = asked + wait
		}
		if _, ok := w.loop.Expect(store.Key{Source: "s", Type: store.User, ID: known[0]}); ok {
			t.Error("somebody who is done waits")
		}
		updated := time.Duration(0)
		for done := 0; done < len(ids); {
			time.Sleep(time.Second)
			if updated == 0 && w.account("known149").Title == "Boss" {
				updated = time.Since(begin)
			}
			done = len(w.slack.Users()) - 151
			for id, forecast := range someone {
				if w.status(store.User, id).Phase == store.Synced {
					if took := time.Since(begin); !near(forecast, took) {
						t.Errorf("%s: after %v, forecast %v", id, took, forecast)
					}
					delete(someone, id)
				}
			}
		}
		if took := time.Since(begin); !near(lanes[slackapi.LaneCreates], took) {
			t.Errorf("creations: after %v, forecast %v", took, lanes[slackapi.LaneCreates])
		}
		if !near(lanes[slackapi.LaneUpdates], updated) {
			t.Errorf("updates: after %v, forecast %v", updated, lanes[slackapi.LaneUpdates])
		}
	})
}
