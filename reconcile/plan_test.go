package reconcile

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/scim"
	"scim2slack/slackapi"
)

func yes() *bool { b := true; return &b }

func TestPlanUser(t *testing.T) {
	type profile = scim.SlackUserProfile
	tests := map[string]struct {
		want, known profile
		active      bool
		withheld    string
		change      slackapi.UserChange
	}{
		"nothing differs":           {want: profile{"title": "Cook"}, known: profile{"title": "Cook"}, active: true, change: slackapi.UserChange{Set: profile{}}},
		"a value changes":           {want: profile{"title": "Chef"}, known: profile{"title": "Cook"}, active: true, change: slackapi.UserChange{Set: profile{"title": "Chef"}}},
		"a value is cleared":        {want: profile{"title": ""}, known: profile{"title": "Cook"}, active: true, change: slackapi.UserChange{Set: profile{"title": ""}}},
		"clearing nothing":          {want: profile{"title": ""}, known: profile{}, active: true, change: slackapi.UserChange{Set: profile{}}},
		"silence changes nothing":   {want: profile{}, known: profile{"title": "Cook"}, active: true, change: slackapi.UserChange{Set: profile{}}},
		"enabled again":             {want: profile{"title": "Cook"}, known: profile{"title": "Cook"}, active: false, change: slackapi.UserChange{Set: profile{}, Active: yes()}},
		"letter case of userName":   {want: profile{"userName": "janet"}, known: profile{"userName": "Janet"}, active: true, change: slackapi.UserChange{Set: profile{}}},
		"profileUrl only once":      {want: profile{"profileUrl": "https://x.test"}, known: profile{}, active: true, change: slackapi.UserChange{Set: profile{}}},
		"withheld e-mail":           {want: profile{"email": "New@x.test"}, known: profile{"email": "old@x.test"}, active: true, withheld: "new@x.test", change: slackapi.UserChange{Set: profile{}}},
		"a later e-mail is sent":    {want: profile{"email": "third@x.test"}, known: profile{"email": "old@x.test"}, active: true, withheld: "new@x.test", change: slackapi.UserChange{Set: profile{"email": "third@x.test", "secondaryEmail": ""}}},
		"the other address is gone": {want: profile{"email": "a@x.test"}, known: profile{"email": "a@x.test", "secondaryEmail": "b@x.test"}, active: true, change: slackapi.UserChange{Set: profile{"secondaryEmail": "", "email": "a@x.test"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := planUser(tt.want, tt.known, tt.active, tt.withheld)
			if diff := cmp.Diff(tt.change, got.change); diff != "" {
				t.Errorf("plan differs (-want +got):\n%s", diff)
			}
		})
	}
}

// A plan that was applied leaves nothing to do, and touches nothing that the source does not speak of.
func TestPlanUserApplied(t *testing.T) {
	profiles := rapid.MapOfN(rapid.SampledFrom(scim.SlackAttributes), rapid.SampledFrom([]string{"", "a", "b@x.test", "C"}), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		want, known := scim.SlackUserProfile(profiles.Draw(t, "want")), scim.SlackUserProfile(profiles.Draw(t, "known"))
		withheld := rapid.SampledFrom([]string{"", "b@x.test"}).Draw(t, "withheld")
		plan := planUser(want, known, rapid.Bool().Draw(t, "active"), withheld)
		after := applied(known, plan.change.Set)
		if again := planUser(want, after, true, withheld); !again.empty() {
			t.Fatalf("planned again: %v", again.change)
		}
		for a := range plan.change.Set {
			_, spoken := want[a]
			if !spoken && after[a] != known[a] && !slices.Contains(endsWithItsList, a) {
				t.Fatalf("%s changed from %q to %q although the source does not speak of it", a, known[a], after[a])
			}
		}
	})
}

func TestPlanGroup(t *testing.T) {
	ids := rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("U%d", rapid.IntRange(0, 12000).Draw(t, "n")) }), rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		want, known := ids.Draw(t, "want"), ids.Draw(t, "known")
		name := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name")
		state := map[string]bool{}
		for _, id := range known {
			state[id] = true
		}
		slackName := "a"
		calls := planGroup(name, slackName, want, known)
		for _, c := range calls {
			for _, id := range c.Add {
				state[id] = true
			}
			for _, id := range c.Remove {
				delete(state, id)
			}
			if c.Name != nil {
				slackName = *c.Name
			}
		}
		if slackName != name || len(state) != len(want) {
			t.Fatalf("after the plan: %q with %d members, want %q with %d", slackName, len(state), name, len(want))
		}
		for _, id := range want {
			if !state[id] {
				t.Fatalf("%s is missing", id)
			}
		}
	})
}

func TestPlanGroupChunks(t *testing.T) {
	var want, known []string
	for i := range 12001 {
		want = append(want, fmt.Sprintf("U%05d", i))
	}
	for i := range 1100 {
		known = append(known, fmt.Sprintf("X%05d", i))
	}
	calls := planGroup("new", "old", want, known)
	if len(calls) != 3 {
		t.Fatalf("%d calls, want 3", len(calls))
	}
	if calls[0].Name == nil || *calls[0].Name != "new" || calls[1].Name != nil {
		t.Error("the name belongs into the first call alone")
	}
	for i, c := range calls {
		if len(c.Add) > addsPerCall || len(c.Remove) > removalsPerCall {
			t.Errorf("call %d adds %d and removes %d", i, len(c.Add), len(c.Remove))
		}
	}
}
