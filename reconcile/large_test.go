package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// A group of 15,000, the most that Slack takes, is made, changed and emptied in as few calls as Slack takes, and holds who it should.
func TestGroupOf15000(t *testing.T) {
	const everybody = 15_000
	inWorld(t, slacksim.Options{NoLimits: true, Enterprise: true, GroupDelay: 2 * time.Second}, nil, func(w *world) {
		ids := w.linked(everybody)
		group := store.Key{Source: "s", Type: store.Group, ID: w.desire(store.Group, "", scim.Object{"displayName": "All"})}
		w.settle()
		change := func(what string, most int, edit func(tx store.Tx) error) {
			w.Helper()
			w.slack.ResetCalls()
			w.update(func(tx store.Tx) error {
				r, err := tx.Resource(group)
				if err != nil {
					return err
				}
				r.Generation++
				if err := tx.PutResource(r); err != nil {
					return err
				}
				return edit(tx)
			})
			time.Sleep(time.Minute)
			w.loop.Enqueue(group)
			w.settle()
			if st := w.status(store.Group, group.ID); st.Phase != store.Synced || len(st.Warnings) > 0 {
				w.Errorf("%s: the group is %s (%s), %q", what, st.Phase, st.Message, st.Warnings)
			}
			if calls := w.slack.Count(slacksim.EndpointUpdateGroup); calls > most {
				w.Errorf("%s took %d calls, want at most %d", what, calls, most)
			}
			var want []string
			w.update(func(tx store.Tx) error {
				want = want[:0]
				for m, err := range tx.Members(group) {
					if err != nil {
						return err
					}
					want = append(want, w.slackID(m.ID))
				}
				return nil
			})
			slices.Sort(want)
			w.slack.Settle()
			g, _ := w.slack.GroupByName("All")
			if got := slices.Sorted(slices.Values(g.Members)); !slices.Equal(got, want) {
				w.Errorf("%s: the group holds %d members, want %d", what, len(got), len(want))
			}
		}
		members := func(from, to int) (all []store.Member) {
			for _, id := range ids[from:to] {
				all = append(all, store.Member{ID: id, Type: store.User})
			}
			return all
		}
		change("filling it", 3, func(tx store.Tx) error { _, err := tx.AddMembers(group, members(0, everybody)...); return err })
		change("7,000 leave", 14, func(tx store.Tx) error { _, err := tx.RemoveMembers(group, ids[:7000]...); return err })
		change("1,000 leave, 1,000 come", 3, func(tx store.Tx) error {
			if _, err := tx.RemoveMembers(group, ids[7000:8000]...); err != nil {
				return err
			}
			_, err := tx.AddMembers(group, members(0, 1000)...)
			return err
		})
	})
}

// linked makes people whose accounts are in Slack and linked already.
func (w *world) linked(n int) (ids []string) {
	w.Helper()
	client, err := slackapi.New(slackapi.Config{Token: slacksim.DefaultToken, SCIMURL: "http://slack.test/scim", APIURL: "http://slack.test/api/",
		HTTPClient: w.slack.Client(), Limits: map[string]slackapi.Limit{"createUser": {PerMinute: 1e9, Burst: 1e6}, "writes": {PerMinute: 1e9, Burst: 1e6}}})
	if err != nil {
		w.Fatal(err)
	}
	accounts := map[string]string{}
	for i := range n {
		name := fmt.Sprintf("p%05d", i)
		u, err := client.CreateUser(w.Context(), slackapi.LaneCreates, scim.SlackUserProfile{scim.SlackUserName: name, scim.SlackEmail: name + "@example.com"})
		if err != nil {
			w.Fatal(err)
		}
		ids, accounts[name] = append(ids, name), u.ID
	}
	w.update(func(tx store.Tx) error {
		for name, account := range accounts {
			key := store.Key{Source: "s", Type: store.User, ID: name}
			if err := tx.PutResource(store.Resource{Key: key, Document: user(name), Generation: 1}); err != nil {
				return err
			}
			if err := tx.PutStatus(store.Status{Key: key, Observed: 1, Phase: store.Synced}); err != nil {
				return err
			}
			if err := tx.PutLink(store.Link{Key: key, SlackID: account, Origin: store.Created, Active: true}); err != nil {
				return err
			}
		}
		return nil
	})
	return ids
}

func (w *world) slackID(id string) string {
	if w.bySlackName == nil {
		w.bySlackName = map[string]string{}
		for _, u := range w.slack.Users() {
			w.bySlackName[strings.ToLower(u.UserName)] = u.ID
		}
	}
	return w.bySlackName[id]
}
