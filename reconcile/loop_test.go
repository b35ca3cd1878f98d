package reconcile

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

func TestMatchingNeverGuesses(t *testing.T) {
	both := func(o *Options) { o.Match = []string{MatchUserName, MatchEmail} }
	tests := map[string]struct {
		options func(*Options)
		slack   []slacksim.User
		phase   store.Phase
		reason  string
		linked  string // userName of the account that is linked in the end
	}{
		"by userName":                   {slack: []slacksim.User{{UserName: "janet", Email: "j@old.test", Active: true}}, phase: store.Synced, linked: "janet"},
		"by e-mail":                     {options: both, slack: []slacksim.User{{UserName: "jj", Email: "janet@example.com", Active: true}}, phase: store.Synced, linked: "janet"},
		"both are one account":          {options: both, slack: []slacksim.User{{UserName: "janet", Email: "janet@example.com", Active: true}}, phase: store.Synced, linked: "janet"},
		"two different accounts":        {options: both, slack: []slacksim.User{{UserName: "janet", Email: "j@old.test", Active: true}, {UserName: "jj", Email: "janet@example.com", Active: true}}, phase: store.Held, reason: "ambiguous"},
		"e-mail taken, not a match":     {slack: []slacksim.User{{UserName: "jj", Email: "janet@example.com", Active: true}}, phase: store.Failed, reason: "email_taken"},
		"a deactivated one has it":      {slack: []slacksim.User{{UserName: "janet", Email: "janet@example.com"}}, phase: store.Synced, linked: "janet"},
		"a channel has the userName":    {slack: nil, phase: store.Synced, linked: "janet"},
		"a longer name is not the same": {slack: []slacksim.User{{UserName: "janet2", Email: "janet2@example.com", Active: true}}, phase: store.Synced, linked: "janet"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, slacksim.Options{}, tt.options, func(w *world) {
				for _, u := range tt.slack {
					w.slack.AddUser(u)
				}
				before := w.slack.Users()
				id := w.desire(store.User, "", user("janet"))
				w.settle()
				w.expect(id, tt.phase, tt.reason)
				if tt.linked != "" {
					if u := w.account(tt.linked); !u.Active || u.Title != "Cook" {
						w.Errorf("Slack holds %+v", u)
					}
					return
				}
				if after := w.slack.Users(); fmt.Sprint(after) != fmt.Sprint(before) {
					w.Errorf("Slack changed:\n%v\n%v", before, after)
				}
			})
		})
	}
}

// An account belongs to one resource: a second claim is held, whoever makes it.
func TestSecondClaimIsHeld(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		w.desire(store.User, "", user("janet"))
		w.settle()
		key := store.Key{Source: "other", Type: store.User, ID: "0190b7a0-0000-7000-8000-00000000ffff"}
		w.update(func(tx store.Tx) error {
			return tx.PutResource(store.Resource{Key: key, Generation: 1, Document: userDoc(user("janet")).with("title", "Thief")})
		})
		w.loop.Enqueue(key)
		w.settle()
		var st store.Status
		w.update(func(tx store.Tx) (err error) { st, err = tx.Status(key); return err })
		if st.Phase != store.Held || st.Reason != "linked" {
			w.Errorf("the second claim is %s (%s)", st.Phase, st.Reason)
		}
		if u := w.account("janet"); u.Title != "Cook" {
			w.Errorf("Slack holds %+v", u)
		}
	})
}

// The owner of the token is never adopted, changed or deactivated.
func TestTokenOwnerIsProtected(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		owner, _ := w.slack.User(w.slack.TokenUser())
		id := w.desire(store.User, "", user(owner.UserName))
		w.settle()
		w.expect(id, store.Held, "protected")
		w.desire(store.User, id, inactive(owner.UserName))
		w.settle()
		if after, _ := w.slack.User(owner.ID); fmt.Sprint(after) != fmt.Sprint(owner) {
			w.Errorf("the owner changed:\n%+v\n%+v", owner, after)
		}
	})
}

// An account that the configuration protects is never adopted, changed or deactivated, be it linked or not.
func TestConfiguredAccountsAreProtected(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		linked := w.desire(store.User, "", user("janet"))
		w.settle()
		w.slack.AddUser(slacksim.User{UserName: "omar", Email: "omar@example.com", Active: true})
		before := []slacksim.User{w.account("janet"), w.account("omar")}
		w.stop()
		w.protect = []string{before[0].ID, before[1].ID}
		w.start(DefaultOptions())
		w.desire(store.User, linked, userDoc(user("janet")).with("title", "Chef"))
		matching := w.desire(store.User, "", user("omar"))
		w.settle()
		w.expect(linked, store.Held, "protected")
		w.expect(matching, store.Held, "protected")
		w.desire(store.User, linked, inactive("janet"))
		w.remove(store.User, matching)
		w.settle()
		if after := []slacksim.User{w.account("janet"), w.account("omar")}; fmt.Sprint(after) != fmt.Sprint(before) {
			w.Errorf("they changed:\n%+v\n%+v", before, after)
		}
	})
}

// A leaver is not kept in by a mapping that fails, and changed identifiers do not travel with a deactivation.
func TestLeaverIsDeactivatedWhateverElse(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		id := w.desire(store.User, "", user("janet"))
		w.settle()
		doc := inactive("0123456789abcdef0123456789abcdefjanet@example.com")
		doc["emails"] = []any{scim.Object{"value": "no address", "primary": true}}
		w.desire(store.User, id, doc)
		w.settle()
		if u := w.account("janet"); u.Active || u.Email != "janet@example.com" {
			w.Errorf("Slack holds %+v", u)
		}
		w.expect(id, store.Synced, "")
	})
}

// A manager who comes later is put in later; a cycle of managers ends.
func TestManagersComeWhenTheyAreLinked(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		report := user("ann")
		report[scim.EnterpriseSchema] = scim.Object{"manager": scim.Object{"value": "boss-7"}}
		id := w.desire(store.User, "", report)
		w.settle()
		if st := w.status(store.User, id); st.Phase != store.Synced || len(st.Warnings) != 1 {
			w.Errorf("before: %+v", st)
		}
		boss := userDoc(user("bob")).with("externalId", "boss-7")
		boss[scim.EnterpriseSchema] = scim.Object{"manager": scim.Object{"value": id}}
		w.desire(store.User, "", boss)
		w.settle()
		ann, bob := w.account("ann"), w.account("bob")
		if ann.ManagerID != bob.ID || bob.ManagerID != ann.ID {
			w.Errorf("the managers are %s and %s, want %s and %s", ann.ManagerID, bob.ManagerID, bob.ID, ann.ID)
		}
	})
}

// One member whom Slack refuses does not keep the others out, and is listed.
func TestRefusedMemberIsIsolated(t *testing.T) {
	inWorld(t, slacksim.Options{NoLimits: true}, nil, func(w *world) {
		var ids, names []string
		for i := range 20 {
			name := fmt.Sprintf("user%02d", i)
			ids, names = append(ids, w.desire(store.User, "", user(name))), append(names, name)
		}
		w.settle()
		bad := w.account("user07")
		w.slack.SetActive(bad.ID, false) // somebody deactivated it in Slack: we do not know
		id := w.desire(store.Group, "", scim.Object{"displayName": "Staff"}, ids...)
		w.settle()
		want := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "user07" })
		if got := w.members("Staff"); !slices.Equal(got, want) {
			w.Errorf("the group holds %v", got)
		}
		st := w.status(store.Group, id)
		if st.Phase != store.Synced || !strings.Contains(strings.Join(st.Warnings, " "), bad.ID) {
			w.Errorf("the status is %+v", st)
		}
	})
}

// A Slack group that a person deleted is made anew.
func TestLostGroupIsMadeAnew(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		a, b := w.desire(store.User, "", user("ann")), w.desire(store.User, "", user("bob"))
		id := w.desire(store.Group, "", scim.Object{"displayName": "Staff"}, a)
		w.settle()
		g, _ := w.slack.GroupByName("Staff")
		request, _ := http.NewRequestWithContext(w.Context(), "DELETE", "http://slack.test/scim/v2/Groups/"+g.ID, nil)
		request.Header.Set("Authorization", "Bearer "+slacksim.DefaultToken)
		if answer, err := w.slack.Client().Do(request); err != nil || answer.StatusCode != 204 {
			w.Fatal(answer, err)
		}
		w.desire(store.Group, id, scim.Object{"displayName": "Staff"}, a, b)
		w.settle()
		if got := w.members("Staff"); !slices.Equal(got, []string{"ann", "bob"}) {
			w.Errorf("the group holds %v", got)
		}
	})
}

// Removed and pushed anew at once: the same account, active in the end.
func TestRemovedAndPushedAnew(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		id := w.desire(store.User, "", user("janet"))
		w.settle()
		before := w.account("janet")
		w.remove(store.User, id)
		again := w.desire(store.User, "", user("janet"))
		w.settle()
		if u := w.account("janet"); u.ID != before.ID || !u.Active {
			w.Errorf("Slack holds %+v", u)
		}
		w.expect(again, store.Synced, "")
		w.update(func(tx store.Tx) error {
			link, err := tx.Link(store.Key{Source: "s", Type: store.User, ID: again})
			if err == nil && link.Origin != store.Returned {
				w.Errorf("the link came to be as %s", link.Origin)
			}
			return err
		})
	})
}

// Sync answers with the decision on the generation asked for, or a later one, and gives up when its context ends.
func TestSync(t *testing.T) {
	inWorld(t, slacksim.Options{Latency: time.Second}, nil, func(w *world) {
		id := w.desire(store.User, "", user("janet"))
		key := store.Key{Source: "s", Type: store.User, ID: id}
		ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
		defer cancel()
		if st, err := w.loop.Sync(ctx, key, 1); err != nil || st.Phase != store.Synced {
			w.Errorf("the outcome is %+v, %v", st, err)
		}
		w.desire(store.User, id, userDoc(user("janet")).with("title", "Chef"))
		short, cancel := context.WithTimeout(w.Context(), 100*time.Millisecond)
		defer cancel()
		if st, err := w.loop.Sync(short, key, 2); err == nil || st.Phase != store.Pending {
			w.Errorf("the outcome is %+v, %v", st, err)
		}
		w.settle()
		if u := w.account("janet"); u.Title != "Chef" {
			w.Errorf("Slack holds %+v", u)
		}
	})
}

// Before every effect on Slack there is an audit record of the intent.
func TestIntentIsAuditedFirst(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		id := w.desire(store.User, "", user("janet"))
		w.settle()
		w.desire(store.User, id, inactive("janet"))
		w.settle()
		var events []string
		w.update(func(tx store.Tx) error {
			events = nil
			for a, err := range tx.AuditOf(store.Key{Source: "s", Type: store.User, ID: id}) {
				if err != nil {
					return err
				}
				events = append(events, a.Event)
			}
			return nil
		})
		want := []string{"slack.intent", "slack.created", "decided.synced", "slack.intent", "slack.deactivated", "decided.synced"}
		if !slices.Equal(events, want) {
			w.Errorf("the audit has %v, want %v", events, want)
		}
	})
}

// Every write on a user says whether the account is to be active: Slack has read silence as no (the incident of April 2024).
func TestEveryUserWriteSaysActive(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		w.slack.AddUser(slacksim.User{UserName: "bob", Email: "bob@example.com", Active: true})
		ann, bob := w.desire(store.User, "", user("ann")), w.desire(store.User, "", user("bob"))
		w.settle()
		w.desire(store.User, ann, userDoc(user("ann")).with("title", "Chef"))
		w.desire(store.User, bob, inactive("bob"))
		w.settle()
		writes := 0
		for _, c := range w.slack.Calls() {
			says := `"path":"active"`
			switch c.Endpoint {
			case slacksim.EndpointCreateUser:
				says = `"active":true`
			case slacksim.EndpointUpdateUser:
			default:
				continue
			}
			if writes++; !strings.Contains(c.Body, says) {
				w.Errorf("%s %s does not say active: %s", c.Method, c.Path, c.Body)
			}
		}
		if writes != 4 { // Ann created and updated, Bob adopted and deactivated
			w.Errorf("%d writes, want 4", writes)
		}
	})
}
