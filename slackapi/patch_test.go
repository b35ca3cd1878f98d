package slackapi

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/scim"
)

const (
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	guestURN   = "urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User"
	profileURN = "urn:ietf:params:scim:schemas:extension:slack:profile:2.0:User"
)

func TestUserOperations(t *testing.T) {
	for name, row := range map[string]struct {
		change UserChange
		want   string
	}{
		"deactivate":     {UserChange{Active: ptr(false)}, `[{"op":"replace","path":"active","value":false}]`},
		"activate first": {UserChange{Active: ptr(true), Set: scim.SlackUserProfile{"title": "T"}}, `[{"op":"replace","path":"active","value":true},{"op":"replace","path":"title","value":"T"}]`},
		"user name":      {UserChange{Set: scim.SlackUserProfile{"userName": "new"}}, `[{"op":"replace","path":"userName","value":"new"}]`},
		"name parts":     {UserChange{Set: scim.SlackUserProfile{"givenName": "A", "honorificPrefix": ""}}, `[{"op":"replace","path":"name.givenName","value":"A"},{"op":"remove","path":"name.honorificPrefix"}]`},
		"cleared title":  {UserChange{Set: scim.SlackUserProfile{"title": ""}}, `[{"op":"remove","path":"title"}]`},
		"both e-mails": {UserChange{Set: scim.SlackUserProfile{"email": "a@b.c", "secondaryEmail": "d@e.f"}},
			`[{"op":"replace","path":"emails","value":[{"primary":true,"type":"work","value":"a@b.c"},{"type":"home","value":"d@e.f"}]}]`},
		"no second e-mail": {UserChange{Set: scim.SlackUserProfile{"email": "a@b.c", "secondaryEmail": ""}},
			`[{"op":"replace","path":"emails","value":[{"primary":true,"type":"work","value":"a@b.c"}]}]`},
		"phones": {UserChange{Set: scim.SlackUserProfile{"primaryPhone": "1", "mobilePhone": "2"}},
			`[{"op":"replace","path":"phoneNumbers","value":[{"primary":true,"type":"mobile","value":"1"},{"primary":false,"type":"work","value":"2"}]}]`},
		"one phone": {UserChange{Set: scim.SlackUserProfile{"primaryPhone": "", "mobilePhone": "2"}},
			`[{"op":"replace","path":"phoneNumbers","value":[{"primary":false,"type":"work","value":"2"}]}]`},
		"no phones": {UserChange{Set: scim.SlackUserProfile{"primaryPhone": "", "mobilePhone": ""}}, `[{"op":"remove","path":"phoneNumbers"}]`},
		"address": {UserChange{Set: scim.SlackUserProfile{"streetAddress": "S", "locality": "", "region": "", "postalCode": "1", "country": "US"}},
			`[{"op":"replace","path":"addresses","value":[{"country":"US","postalCode":"1","primary":true,"streetAddress":"S"}]}]`},
		"no address": {UserChange{Set: scim.SlackUserProfile{"streetAddress": "", "locality": "", "region": "", "postalCode": "", "country": ""}},
			`[{"op":"remove","path":"addresses"}]`},
		"role and photo": {UserChange{Set: scim.SlackUserProfile{"role": "R", "photo": "https://p"}},
			`[{"op":"replace","path":"roles","value":[{"primary":true,"value":"R"}]},{"op":"replace","path":"photos","value":[{"type":"photo","value":"https://p"}]}]`},
		"no role, no photo": {UserChange{Set: scim.SlackUserProfile{"role": "", "photo": ""}}, `[{"op":"remove","path":"roles"},{"op":"replace","path":"photos","value":[]}]`},
		"enterprise": {UserChange{Set: scim.SlackUserProfile{"employeeNumber": "7", "division": ""}},
			`[{"op":"add","path":"` + enterprise + `:employeeNumber","value":"7"},{"op":"remove","path":"` + enterprise + `:division"}]`},
		"manager":    {UserChange{Set: scim.SlackUserProfile{"manager": "U9"}}, `[{"op":"add","path":"` + enterprise + `:manager.managerId","value":"U9"}]`},
		"no manager": {UserChange{Set: scim.SlackUserProfile{"manager": ""}}, `[{"op":"remove","path":"` + enterprise + `.manager.managerId"}]`},
		"start date": {UserChange{Set: scim.SlackUserProfile{"startDate": "2024-04-10"}}, `[{"op":"add","path":"` + profileURN + `","value":{"startDate":"2024-04-10"}}]`},
		"no start":   {UserChange{Set: scim.SlackUserProfile{"startDate": ""}}, `[{"op":"remove","path":"` + profileURN + `"}]`},
		"guest":      {UserChange{Set: scim.SlackUserProfile{"guestType": "multi", "guestExpiration": "2024-11-30T23:59:59Z"}}, `[{"op":"add","path":"` + guestURN + `","value":{"expiration":"2024-11-30T23:59:59Z","type":"multi"}}]`},
		"member":     {UserChange{Set: scim.SlackUserProfile{"guestType": "", "guestExpiration": ""}}, `[{"op":"remove","path":"` + guestURN + `"}]`},
		"expiration": {UserChange{Set: scim.SlackUserProfile{"guestExpiration": "2025-01-01T00:00:00Z"}}, `[{"op":"replace","path":"` + guestURN + `.expiration","value":"2025-01-01T00:00:00Z"}]`},
		"no expiry":  {UserChange{Set: scim.SlackUserProfile{"guestExpiration": ""}}, `[{"op":"remove","path":"` + guestURN + `.expiration"}]`},
		"profileUrl": {UserChange{Set: scim.SlackUserProfile{"profileUrl": "https://x"}}, `null`},
	} {
		t.Run(name, func(t *testing.T) {
			operations, bad := row.change.operations()
			if bad != nil {
				t.Fatal(bad)
			}
			got, _ := json.Marshal(operations)
			if string(got) != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestChangesThatWouldDoHarmAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		change UserChange
		id     string
	}{
		"no user name":        {UserChange{Set: scim.SlackUserProfile{"userName": ""}}, "username_required"},
		"no e-mail":           {UserChange{Set: scim.SlackUserProfile{"email": "", "secondaryEmail": "a@b.c"}}, "missing_primary_email"},
		"e-mail alone":        {UserChange{Set: scim.SlackUserProfile{"email": "a@b.c"}}, requestForbidden},
		"phone alone":         {UserChange{Set: scim.SlackUserProfile{"mobilePhone": "1"}}, requestForbidden},
		"half an address":     {UserChange{Set: scim.SlackUserProfile{"region": "IL", "country": "US"}}, requestForbidden},
		"unknown attribute":   {UserChange{Set: scim.SlackUserProfile{"shoeSize": "44"}}, requestForbidden},
		"inactive new guest":  {UserChange{Active: ptr(false), Set: scim.SlackUserProfile{"guestType": "multi"}}, requestForbidden},
		"inactive ex-guest":   {UserChange{Active: ptr(false), Set: scim.SlackUserProfile{"guestType": ""}}, requestForbidden},
		"inactive expiration": {UserChange{Active: ptr(false), Set: scim.SlackUserProfile{"guestExpiration": ""}}, requestForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			if operations, bad := row.change.operations(); bad == nil || bad.id != row.id {
				t.Errorf("got %v, %v; want %s", operations, bad, row.id)
			}
		})
	}
}

func TestSiblings(t *testing.T) {
	for a, want := range map[scim.SlackAttribute][]scim.SlackAttribute{
		scim.SlackEmail:         {scim.SlackSecondaryEmail},
		scim.SlackMobilePhone:   {scim.SlackPrimaryPhone},
		scim.SlackRegion:        {scim.SlackStreetAddress, scim.SlackLocality, scim.SlackPostalCode, scim.SlackCountry},
		scim.SlackTitle:         nil,
		scim.SlackGuestType:     nil,
		scim.SlackAttribute(""): nil,
	} {
		if diff := cmp.Diff(want, Siblings(a)); diff != "" {
			t.Errorf("%s: %s", a, diff)
		}
	}
}

// changes draws a change that callers may make.
func changes(t *rapid.T) UserChange {
	set := scim.SlackUserProfile{}
	for _, a := range rapid.SliceOfDistinct(rapid.SampledFrom(scim.SlackAttributes), rapid.ID).Draw(t, "attributes") {
		for _, s := range append(Siblings(a), a) {
			set[s] = rapid.SampledFrom([]string{"", "x", "Ünï \"q\" </>", "a@b.c"}).Draw(t, string(s))
		}
	}
	for _, a := range []scim.SlackAttribute{scim.SlackUserName, scim.SlackEmail} {
		if v, named := set[a]; named && v == "" {
			set[a] = "x"
		}
	}
	if v, named := set[scim.SlackGuestType]; named && v == "" {
		delete(set, scim.SlackGuestExpiration)
	}
	var active *bool
	if rapid.Bool().Draw(t, "says active") {
		active = ptr(rapid.Bool().Draw(t, "active"))
	}
	if active != nil && !*active {
		delete(set, scim.SlackGuestType)
		delete(set, scim.SlackGuestExpiration)
	}
	return UserChange{Set: set, Active: active}
}

// TestEveryChangePassesTheLinter: the linter never fires for what this package makes, and nothing that is not named is touched.
func TestEveryChangePassesTheLinter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		change := changes(t)
		operations, bad := change.operations()
		if bad != nil {
			t.Fatal(bad)
		}
		if len(operations) == 0 {
			return
		}
		body, _ := json.Marshal(patchBody(operations))
		if err := lintSCIM("PATCH", "/Users/U1", body, false); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		old, _ := json.Marshal(bodyV1(patchBody(operations)))
		if err := lintSCIM("PATCH", "/Users/U1", old, true); err != nil {
			t.Fatalf("in SCIM 1.1: %v: %s", err, old)
		}
		for _, o := range operations {
			if o.Path == "active" && change.Active == nil {
				t.Fatalf("active is said though nobody asked: %s", body)
			}
		}
	})
}

func TestEveryNewUserPassesTheLinter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := changes(t).Set
		set[scim.SlackUserName], set[scim.SlackEmail] = "u", "u@b.c"
		body, _ := json.Marshal(newUser(set))
		if err := lintSCIM("POST", "/Users", body, false); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
	})
}
