package slackapi

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/scim"
	"scim2slack/slacksim"
)

// simulated returns a client of a simulated organisation.
func simulated(t *testing.T, o slacksim.Options, share float64) (*Client, *slacksim.Sim) {
	t.Helper()
	o.Token, o.Enterprise = testToken, true
	sim := slacksim.New(o)
	c, err := New(Config{Token: testToken, HTTPClient: sim.Client(), Share: share})
	if err != nil {
		t.Fatal(err)
	}
	return c, sim
}

// TestEveryMethodOverHTTP goes through the life of a user and a group over a real connection, in SCIM 2.0 and, where Slack does not offer
// it, in 1.1.
func TestEveryMethodOverHTTP(t *testing.T) {
	for _, gated := range []bool{false, true} {
		t.Run(fmt.Sprint("gated ", gated), func(t *testing.T) { everyMethodOverHTTP(t, gated) })
	}
}

func everyMethodOverHTTP(t *testing.T, gated bool) {
	sim := slacksim.New(slacksim.Options{Token: testToken, Enterprise: true, DeactivationDelay: -1, PhotoDelay: -1, V2Gated: gated})
	server := httptest.NewServer(sim.Handler())
	defer server.Close()
	c, err := New(Config{Token: testToken, SCIMURL: server.URL + "/scim", APIURL: server.URL + "/api"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	ctx := t.Context()

	who, err := c.Identify(ctx)
	if err != nil || who.UserID != sim.TokenUser() {
		t.Fatalf("%+v, %v", who, err)
	}
	boss, err := c.CreateUser(ctx, LaneCreates, scim.SlackUserProfile{"userName": "boss", "email": "boss@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	wish := scim.SlackUserProfile{"userName": "ada.l", "email": "Ada@example.com", "secondaryEmail": "ada2@example.com", "givenName": "Ada",
		"familyName": "Lovelace", "honorificPrefix": "Ms.", "displayName": "Ada L", "title": "Count\"ess", "timezone": "Europe/London",
		"locale": "en-GB", "preferredLanguage": "en", "userType": "Employee", "role": "Lead", "primaryPhone": "+44 1", "mobilePhone": "+44 2",
		"streetAddress": "1 St James", "locality": "London", "postalCode": "SW1", "country": "GB", "employeeNumber": "1", "costCenter": "2",
		"organization": "O", "division": "D", "department": "E", "manager": boss.ID, "startDate": "2024-04-10T00:00:00+0000"}
	ada, err := c.CreateUser(ctx, LaneCreates, wish)
	if err != nil {
		t.Fatal(err)
	}
	got := maps.Clone(ada.Profile)
	delete(got, "photo")
	delete(got, "profileUrl")
	want := filled(wish)
	delete(want, "photo")
	delete(want, "profileUrl")
	if diff := cmp.Diff(want, got); diff != "" || !ada.Active || ada.Created.IsZero() {
		t.Errorf("created: %s %+v", diff, ada)
	}
	read, err := c.User(ctx, LaneReads, ada.ID)
	if diff := cmp.Diff(ada, read); err != nil || diff != "" {
		t.Errorf("read: %v %s", err, diff)
	}
	for attribute, value := range map[scim.SlackAttribute]string{scim.SlackUserName: "ADA.L", scim.SlackEmail: "ada@EXAMPLE.com"} {
		found, err := c.FindUsers(ctx, LaneWaited, attribute, value)
		if err != nil || len(found) != 1 || found[0].ID != ada.ID {
			t.Errorf("find by %s: %v, %v", attribute, found, err)
		}
	}
	if found, err := c.FindUsers(ctx, LaneWaited, scim.SlackEmail, `no"body@example.com`); err != nil || found != nil {
		t.Errorf("found %v, %v", found, err)
	}
	for id, want := range map[string]scim.SlackUserProfile{
		"the e-mail": {"userName": "ada3", "email": "ADA@example.com"}, "the name": {"userName": "ada.l", "email": "ada3@example.com"},
	} {
		_, err = c.CreateUser(ctx, LaneCreates, want)
		if e := new(Error); !errors.As(err, &e) || e.Kind != Refused || e.ID == "" || e.ExistingUser != "" && e.ExistingUser != ada.ID {
			t.Errorf("%s is taken: %v", id, err)
		}
	}
	if _, err = c.User(ctx, LaneReads, "W0NOBODY"); kindOf(t, err) != NotFound {
		t.Errorf("nobody: %v", err)
	}
	_, err = c.UpdateUser(ctx, LaneUpdates, ada.ID, UserChange{Set: scim.SlackUserProfile{"manager": "nobody"}})
	if kindOf(t, err) != Refused {
		t.Errorf("an unknown manager is not an unknown user: %v", err)
	}

	group, err := c.CreateGroup(ctx, LaneGroups, "Analysts", []string{ada.ID})
	if err != nil || group.ID == "" || !slices.Equal(group.Members, []string{ada.ID}) {
		t.Fatalf("%+v, %v", group, err)
	}
	if err := c.UpdateGroup(ctx, LaneGroups, group.ID, GroupChange{Name: ptr("Engines"), Add: []string{boss.ID}, Remove: []string{ada.ID}}); err != nil {
		t.Error(err)
	}
	if g, err := c.Group(ctx, LaneReads, group.ID); err != nil || g.Name != "Engines" || !slices.Equal(g.Members, []string{boss.ID}) {
		t.Errorf("%+v, %v", g, err)
	}
	if found, err := c.FindGroups(ctx, LaneGroups, "engines"); err != nil || len(found) != 1 || found[0].ID != group.ID {
		t.Errorf("%v, %v", found, err)
	}
	if err := c.UpdateGroup(ctx, LaneGroups, group.ID, GroupChange{Add: []string{"W0NOBODY"}}); kindOf(t, err) != Refused {
		t.Errorf("an unknown member: %v", err)
	}
	if err := c.DeleteGroup(ctx, LaneGroups, group.ID); err != nil {
		t.Error(err)
	}
	if _, err := c.Group(ctx, LaneReads, group.ID); kindOf(t, err) != NotFound {
		t.Errorf("the group is still there: %v", err)
	}
	if err := c.DeleteGroup(ctx, LaneGroups, group.ID); kindOf(t, err) != NotFound {
		t.Errorf("deleted twice: %v", err)
	}

	gone, err := c.UpdateUser(ctx, LaneLeavers, ada.ID, UserChange{Active: ptr(false)})
	if u, _ := sim.User(ada.ID); err != nil || gone.Active || u.Active {
		t.Errorf("still active: %+v, %v", gone, err)
	}
	all := 0
	for _, err := range c.Users(ctx, LaneReads, func(int, int) {}) {
		if err != nil {
			t.Fatal(err)
		}
		all++
	}
	if all != len(sim.Users()) {
		t.Errorf("%d users of %d", all, len(sim.Users()))
	}
	sim.RevokeToken()
	if _, err := c.User(ctx, LaneReads, ada.ID); kindOf(t, err) != Unauthorized {
		t.Errorf("revoked: %v", err)
	}
	if _, err := c.Identify(ctx); kindOf(t, err) != Unauthorized {
		t.Errorf("revoked: %v", err)
	}
}

func TestVersion2NotOffered(t *testing.T) {
	c, sim := simulated(t, slacksim.Options{V2Gated: true}, 1)
	for i := range 3 {
		if _, err := c.CreateUser(t.Context(), LaneCreates, scim.SlackUserProfile{"userName": fmt.Sprint("u", i), "email": fmt.Sprintf("u%d@x.y", i)}); err != nil {
			t.Fatal(err)
		}
	}
	var paths []string
	for _, call := range sim.Calls() {
		paths = append(paths, call.Path)
	}
	want := []string{"/scim/v2/Users", "/scim/v1/Users", "/scim/v1/Users", "/scim/v1/Users"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("one call finds out, and no other (-want +got):\n%s", diff)
	}
	if n := len(sim.Users()); n != 4 {
		t.Errorf("%d accounts", n)
	}
}

// The government edition is known to speak 1.1. Where neither is offered, the error says so.
func TestVersionByHost(t *testing.T) {
	for host, want := range map[string]bool{"api.slack.com": false, "api.slack-gov.com": true, "slack-gov.com": true, "notslack-gov.com": false, "slack-gov.com.evil.test": false} {
		c, err := New(Config{Token: testToken, SCIMURL: "https://" + host + "/scim"})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.version1.Load(); got != want {
			t.Errorf("%s speaks 1.1: %v", host, got)
		}
	}
	c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"Errors":{"description":"unsupported_version","code":403}}`)
	})
	if _, err := c.User(t.Context(), LaneReads, "U1"); kindOf(t, err) != Unsupported {
		t.Errorf("got %v", err)
	}
}

// TestChangesArrive: after any change the user is what he was, but for what was named, and what was named is as named.
func TestChangesArrive(t *testing.T) {
	for _, gated := range []bool{false, true} {
		t.Run(fmt.Sprint("gated ", gated), func(t *testing.T) { changesArrive(t, gated) })
	}
}

func changesArrive(t *testing.T, gated bool) {
	words := []scim.SlackAttribute{scim.SlackTitle, scim.SlackGivenName, scim.SlackHonorificPrefix, scim.SlackUserType, scim.SlackLocale,
		scim.SlackPreferredLang, scim.SlackRole, scim.SlackEmployeeNumber, scim.SlackDepartment, scim.SlackPrimaryPhone, scim.SlackMobilePhone,
		scim.SlackStreetAddress, scim.SlackCountry, scim.SlackSecondaryEmail, scim.SlackManager, scim.SlackStartDate,
		scim.SlackGuestExpiration, scim.SlackGuestType}
	rapid.Check(t, func(rt *rapid.T) {
		c, sim := simulated(t, slacksim.Options{NoLimits: true, PhotoDelay: -1, V2Gated: gated}, 1)
		boss := sim.AddUser(slacksim.User{UserName: "boss", Email: "boss@x.y", Active: true})
		c2, err := c.CreateUser(t.Context(), LaneCreates, scim.SlackUserProfile{"userName": "u", "email": "u@x.y", "familyName": "F",
			"displayName": "D", "title": "T", "manager": boss, "division": "Div"})
		if err != nil {
			rt.Fatal(err)
		}
		want := c2
		for range rapid.IntRange(1, 4).Draw(rt, "changes") {
			set := scim.SlackUserProfile{}
			for _, a := range rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 5, rapid.ID).Draw(rt, "attributes") {
				set[a] = drawValue(rt, a, boss)
			}
			for a := range maps.Clone(set) {
				for _, s := range Siblings(a) {
					if _, named := set[s]; !named {
						set[s] = want.Profile[s]
					}
				}
			}
			tameGuest(set, want.Profile)
			active := rapid.Bool().Draw(rt, "active")
			if _, named := set[scim.SlackGuestType]; named || hasKey(set, scim.SlackGuestExpiration) {
				active = true
			}
			got, err := c.UpdateUser(t.Context(), LaneUpdates, want.ID, UserChange{Set: set, Active: &active})
			if err != nil {
				rt.Fatalf("%v: %v", set, err)
			}
			want.Active = active
			maps.Copy(want.Profile, set)
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("after %v: %s", set, diff)
			}
			if read, err := c.User(t.Context(), LaneReads, want.ID); err != nil || !cmp.Equal(got, read) {
				rt.Fatalf("read again: %v %s", err, cmp.Diff(got, read))
			}
		}
	})
}

func drawValue(t *rapid.T, a scim.SlackAttribute, boss string) string {
	values := []string{"", "x", `Ünï "q" </>`}
	switch a {
	case scim.SlackManager:
		values = []string{"", boss}
	case scim.SlackStartDate, scim.SlackGuestExpiration:
		values = []string{"", "2031-04-10T00:00:00Z", "2032-01-01T00:00:00Z"}
	case scim.SlackSecondaryEmail:
		values = []string{"", "u2@x.y", "u3@x.y"}
	case scim.SlackGuestType:
		values = []string{"", "multi"}
	}
	return rapid.SampledFrom(values).Draw(t, string(a))
}

// tameGuest drops what has no meaning: an expiration for somebody who is no guest, and one that vanishes with the role.
func tameGuest(set, have scim.SlackUserProfile) {
	kind, named := set[scim.SlackGuestType]
	if !named {
		kind = have[scim.SlackGuestType]
	}
	if kind == "" {
		delete(set, scim.SlackGuestExpiration)
		if named && have[scim.SlackGuestExpiration] != "" {
			set[scim.SlackGuestExpiration] = ""
		}
		return
	}
	if named && set[scim.SlackGuestExpiration] == "" {
		delete(set, scim.SlackGuestExpiration)
	}
}

// TestBudgetKeepsSlackQuiet: with the whole of Slack's limits to ourselves and many callers at once, Slack never says 429.
func TestBudgetKeepsSlackQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, sim := simulated(t, slacksim.Options{Latency: 50 * time.Millisecond}, 1)
		var wg sync.WaitGroup
		for i := range 300 {
			wg.Go(func() {
				u, err := c.CreateUser(t.Context(), LaneCreates, scim.SlackUserProfile{"userName": fmt.Sprint("u", i), "email": fmt.Sprint("u", i, "@x.y")})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := c.User(t.Context(), LaneReads, u.ID); err != nil {
					t.Error(err)
				}
				if _, err := c.UpdateUser(t.Context(), LaneUpdates, u.ID, UserChange{Set: scim.SlackUserProfile{"title": "T"}}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(sim.Users()); n < 300 {
			t.Errorf("%d users", n)
		}
	})
}

// TestFaultsOfTheSimulator: whatever happens to a write, the kind never says that nothing happened when something did.
func TestFaultsOfTheSimulator(t *testing.T) {
	for name, row := range map[string]struct {
		fault slacksim.Fault
		want  Kind
	}{
		"answer lost":        {slacksim.Fault{Kind: slacksim.DropAnswer}, Unknown},
		"lost before":        {slacksim.Fault{Kind: slacksim.DropBefore}, Unknown},
		"not connected":      {slacksim.Fault{Kind: slacksim.ConnectionRefused}, NotSent},
		"500 after effect":   {slacksim.Fault{Kind: slacksim.StatusAfter}, Unknown},
		"cut off":            {slacksim.Fault{Kind: slacksim.TruncateBody}, Unknown},
		"limited":            {slacksim.Fault{Kind: slacksim.TooManyRequests, RetryAfter: time.Second}, Limited},
		"transient refusal":  {slacksim.Fault{Kind: slacksim.RefuseWith, Error: "invited_user_not_created"}, Refused},
		"late, unanswered":   {slacksim.Fault{Kind: slacksim.ApplyLate, Delay: time.Minute}, Unknown},
		"later than we wait": {slacksim.Fault{Kind: slacksim.Latency, Delay: time.Minute}, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, sim := simulated(t, slacksim.Options{}, 1)
				sim.Inject(row.fault)
				_, err := c.CreateUser(t.Context(), LaneCreates, newPerson)
				if got := kindOf(t, err); got != row.want {
					t.Errorf("got %s: %v", got, err)
				}
				time.Sleep(2 * time.Minute)
				sim.Settle()
				if _, there := sim.UserByName("ada"); there && row.want != Unknown {
					t.Errorf("kind %s, but the user is there", row.want)
				}
			})
		})
	}
}
