package main

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

func manyPeople(n int) []person {
	people := make([]person, n)
	for i := range people {
		people[i] = person{fmt.Sprintf("user%05d", i), fmt.Sprintf("user%05d@example.com", i), "Given", fmt.Sprintf("Family%05d", i), "Cook", "Kitchen"}
	}
	return people
}

// push sends the people over several connections at once and returns their ids.
func (g *gateway) push(connections int, people []person) []string {
	ids := make([]string, len(people))
	var all sync.WaitGroup
	for c := range connections {
		all.Go(func() {
			for i := c; i < len(people); i += connections {
				ids[i] = pingFederate().createUser(g, people[i], true)
			}
		})
	}
	all.Wait()
	return ids
}

// Slack takes 180 creations a minute after a burst of 20, so that 200 take 60 s at best. The source is answered at once.
func TestLimitsDoNotReachTheSource(t *testing.T) {
	s := setup{wait: 3 * time.Second, slack: slacksim.Options{Limits: map[string]slacksim.Limit{"createUser": {PerMinute: 180, Burst: 20}}}}
	inGateway(t, s, func(g *gateway) {
		people := manyPeople(200)
		begin := time.Now()
		g.push(8, people) // any other answer than 201 fails the test
		if took := time.Since(begin); took > 10*time.Second {
			g.Errorf("the source was kept for %v", took)
		}
		g.settle()
		took := time.Since(begin)
		for _, p := range people {
			g.holds(p, true)
		}
		if optimum := 60 * time.Second; took > optimum*110/100 {
			g.Errorf("the last user was in Slack after %v, the optimum is %v", took, optimum)
		}
		g.Logf("200 users: Slack holds all after %v of simulated time", took)
		if refused := g.refused(); refused > 0 {
			g.Errorf("Slack refused %d calls because of its limits", refused)
		}
	})
}

// refused counts the calls that Slack answered with 429.
func (g *gateway) refused() (n int) {
	for _, c := range g.slack.Calls() {
		if c.Status == 429 {
			n++
		}
	}
	return n
}

// A source that changes a group member by member costs few writes in Slack.
func TestManyMemberPatchesAreFewGroupWrites(t *testing.T) {
	for name, wait := range map[string]time.Duration{"answered at once": 0, "waiting for the outcome": 3 * time.Second} {
		for _, connections := range []int{1, 8} {
			t.Run(fmt.Sprintf("%s, %d connections", name, connections), func(t *testing.T) {
				inGateway(t, setup{wait: wait, slack: slacksim.Options{NoLimits: true}}, func(g *gateway) {
					ids := g.push(8, manyPeople(300))
					group := entra().createGroup(g, "Staff")
					g.settle()
					g.slack.ResetCalls()
					var all sync.WaitGroup
					for c := range connections {
						all.Go(func() {
							for i := c; i < len(ids); i += connections {
								entra().addMember(g, group, "Staff", ids[i])
							}
						})
					}
					all.Wait()
					g.settle()
					if n := len(g.slackMembers("Staff")); n != 300 {
						g.Errorf("the group has %d members", n)
					}
					if writes := g.slack.Count("updateGroup"); writes > 5 {
						g.Errorf("%d group writes, at most 5 are allowed", writes)
					}
				})
			})
		}
	}
}

// A PUT of what is there already costs no call to Slack and no new generation.
func TestIdenticalPutCostsNothing(t *testing.T) {
	inGateway(t, setup{wait: 3 * time.Second}, func(g *gateway) {
		d := pingFederate()
		a := d.createUser(g, janet, true)
		id := d.createGroup(g, "Staff", a)
		g.settle()
		before := g.must("GET", "/Users/"+a, nil, 200).Object("meta")
		g.slack.ResetCalls()
		d.updateUser(g, a, janet)
		d.rename(g, id, "Staff", a)
		g.settle()
		if calls := g.slack.Calls(); len(calls) != 0 {
			g.Errorf("%d calls, the first is %s %s", len(calls), calls[0].Method, calls[0].Path)
		}
		if after := g.must("GET", "/Users/"+a, nil, 200).Object("meta"); !scim.Equal(before, after) {
			g.Errorf("meta was %v and is %v", before, after)
		}
	})
}

// A leaver overtakes any backlog, also one of updates, which draw on the same limit of Slack: 300 of them need more than a
// minute and a half, the leaver is inactive within seconds.
func TestLeaverOvertakesBacklog(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		people := manyPeople(300)
		ids := g.push(8, people)
		leaver := pingFederate().createUser(g, janet, true)
		g.settle()
		for i, p := range people {
			p.title = "Chef"
			pingFederate().updateUser(g, ids[i], p)
		}
		time.Sleep(time.Second) // the burst that Slack allows is used up
		g.push(8, manyMore(200))
		pingFederate().disable(g, leaver, janet)
		time.Sleep(10 * time.Second)
		g.holds(janet, false)
		if left := len(g.pending()); left < 300 {
			g.Errorf("only %d are pending: there is no backlog to overtake", left)
		}
		g.settle(time.Hour)
	})
}

// manyMore are others than those of manyPeople.
func manyMore(n int) []person {
	people := manyPeople(n)
	for i := range people {
		people[i].userName, people[i].email = "more"+people[i].userName, "more"+people[i].email
	}
	return people
}

// Work that is left at a stop is done after the next start, each person once.
func TestRestartGoesOn(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		people := manyPeople(60)
		g.push(8, people)
		time.Sleep(3 * time.Second)
		g.stop()
		g.start()
		g.settle()
		for _, p := range people {
			g.holds(p, true)
		}
	})
}

// The creation took effect, its answer was lost: one account, not two, although the source changed the e-mail meanwhile.
func TestLostAnswerMakesNoSecondAccount(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		g.slack.Inject(slacksim.Fault{Kind: slacksim.DropAnswer, Endpoint: "createUser", Times: 1})
		id := pingFederate().createUser(g, janet, true)
		changed := janet
		changed.email = "janet.new@example.com"
		pingFederate().updateUser(g, id, changed)
		g.settle(time.Hour)
		g.holds(changed, true)
		if n := len(g.slack.Users()); n != 2 { // Janet and the owner of the token
			g.Errorf("Slack has %d accounts", n)
		}
	})
}

// A token that Slack refuses pauses the outbound side; nothing is lost; the status says so.
func TestRefusedTokenPauses(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		pingFederate().createUser(g, janet, true)
		g.settle()
		g.slack.RevokeToken()
		id := pingFederate().createUser(g, omar, true)
		time.Sleep(5 * time.Minute)
		if o := g.reconciler.Overview(); o.Paused == "" {
			g.Error("the overview does not say that the outbound side is paused")
		}
		if st := g.status(store.User, id); st.Phase != store.Pending {
			g.Errorf("the status is %s", st.Phase)
		}
		g.slack.SetToken(slacksim.DefaultToken)
		g.settle()
		g.holds(omar, true)
		if o := g.reconciler.Overview(); o.Paused != "" {
			g.Errorf("still paused: %s", o.Paused)
		}
	})
}
