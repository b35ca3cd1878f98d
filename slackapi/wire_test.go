package slackapi

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

// filled returns a profile with every attribute: those given, and "" for the rest.
func filled(p scim.SlackUserProfile) scim.SlackUserProfile {
	out := scim.SlackUserProfile{}
	for _, a := range scim.SlackAttributes {
		out[a] = p[a]
	}
	return out
}

var docUser = scim.SlackUserProfile{
	"userName": "some_fake_username", "email": "some_fake_user@email.com", "secondaryEmail": "some_other@email.com",
	"displayName": "First Last", "givenName": "First", "familyName": "Last", "honorificPrefix": "Ms.", "title": "Tour Guide",
	"profileUrl": "https://login.example.com/some_fake_username", "timezone": "America/Chicago",
	"streetAddress": "1060 W Addison St", "locality": "Chicago", "region": "IL", "postalCode": "60613", "country": "USA",
	"userType": "Employee", "preferredLanguage": "en_US", "locale": "en_US", "role": "Tech Lead",
	"employeeNumber": "701984", "costCenter": "4130", "organization": "Chicago Cubs", "division": "Wrigley Field",
	"department": "Tour Operations", "manager": "U123ABC456", "startDate": "2024-04-10T00:00:00+0000",
	"mobilePhone": "555-555-5555", "primaryPhone": "555-555-4444",
}

func TestSampleUsersAreRead(t *testing.T) {
	photo := func(p scim.SlackUserProfile, url string) scim.SlackUserProfile {
		out := filled(p)
		out["photo"] = url
		return out
	}
	created := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for name, want := range map[string]User{
		"v2_POST_User.response.json": {ID: "U123ABC456", Active: true, Created: created("2023-02-20T14:33:21-08:00"),
			Profile: photo(docUser, "https://secure.gravatar.com/avatar/a27ac11dd7b9af585d8fb54cbd0921e8.jpg?s=192&d=https%3A%2F%2Fslack.com%2Fdev-cdn%2Fv1676505571%2Fimg%2Favatars%2Fuser_shapes%2Fava_0018-192.png")},
		"v2_GET_User.response.json": {ID: "U123ABC456", Active: true, Created: created("2022-08-16T12:49:47-07:00"), Groups: []string{"S123ABC456"},
			Profile: photo(scim.SlackUserProfile{"userName": "pamela", "givenName": "Pam", "familyName": "Halpert", "honorificPrefix": "Mrs.",
				"displayName": "PamHalpert123", "profileUrl": "https://aDoeenterpriseorg.enterprise.slack.com/team/pamela", "title": "receptionist",
				"timezone": "America/Scranton", "email": "pamhalpert@slack-corp.com", "secondaryEmail": "pam@slack-corp.com",
				"streetAddress": "1725 Slough Avenue", "locality": "Scranton", "region": "North America", "postalCode": "12345", "country": "US",
				"primaryPhone": "4168312999", "role": "role 1", "locale": "en-US", "employeeNumber": "123", "organization": "Dunder Mifflin Paper Company",
				"division": "Scranton Branch", "department": "Sales", "startDate": "2024-04-10T00:00:00+0000"},
				"https://s3-us-west-2.amazonaws.com/slack-files-dev2/avatars/2023-02-19/1152719686210_6e95789b151a47536455_192.png")},
		"v2_PUT_User.response.json": {ID: "U123ABC456", Active: false, Created: created("2022-08-16T12:49:47-07:00"),
			Profile: photo(scim.SlackUserProfile{"userName": "updated_username", "givenName": "Jay", "familyName": "Doe",
				"profileUrl": "https://aDoeenterpriseorg.enterprise.slack.com/team/updated_username", "timezone": "America/Los_Angeles",
				"email": "some_updated_username@email.com", "secondaryEmail": "some_other@email.com"},
				"https://secure.gravatar.com/avatar/ca904af062782178167c3790cb28940a.jpg?s=192&d=https%3A%2F%2Fslack.com%2Fdev-cdn%2Fv1676505571%2Fimg%2Favatars%2Fuser_shapes%2Fava_0001-192.png")},
		"v2_POST_User_guest.response.json": {ID: "U123ABC456", Active: true, Created: created("2023-02-20T14:28:23-08:00"),
			Profile: photo(scim.SlackUserProfile{"userName": "guestuser", "givenName": "TestGuestUser", "displayName": "TestGuestUser",
				"profileUrl": "https://aDoeenterpriseorg.enterprise.slack.com/team/guestuser", "timezone": "America/Los_Angeles",
				"email": "some_guest_email@fake.com", "guestType": "multi"},
				"https://secure.gravatar.com/avatar/2572f0dc723e0a547a14c5a472740cf6.jpg?s=192&d=https%3A%2F%2Fslack.com%2Fdev-cdn%2Fv1676505571%2Fimg%2Favatars%2Fuser_shapes%2Fava_0011-192.png")},
		"fixture-v1_user_2.json": {ID: "W222", Active: true, Created: created("2019-05-22T11:05:13-07:00"),
			Profile: photo(scim.SlackUserProfile{"userName": "blaise.beahan", "givenName": "Blaise", "familyName": "Beahan", "displayName": "blaise.beahan",
				"profileUrl": "https://awesome.enterprise.slack.com/team/blaise.beahan", "title": "Total 3rd generation archive",
				"timezone": "Asia/Tokyo", "email": "blaise.beahan@example.com"},
				"https://secure.gravatar.com/avatar/5d048a9dfb54afe9c2e50fa1ba45b4b6.jpg?s=192&d=https%3A%2F%2Fa.slack-edge.com%2Fdf10d%2Fimg%2Favatars%2Fava_0018-192.png")},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := parseDocument(sample(t, name))
			if err != nil {
				t.Fatal(err)
			}
			got, err := userOf(d)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSampleListsAreRead(t *testing.T) {
	for name, want := range map[string]int{"v2_GET_Users.response.json": 1, "v2_Users_anonymised.json": 9} {
		d, err := parseDocument(sample(t, name))
		if err != nil {
			t.Fatal(name, err)
		}
		entries := d.list("Resources")
		if len(entries) != want {
			t.Errorf("%s: %d users, want %d", name, len(entries), want)
		}
		for _, e := range entries {
			if _, err := userOf(e); err != nil {
				t.Error(name, err)
			}
		}
	}
	d, _ := parseDocument(sample(t, "v2_Groups_anonymised.json"))
	g, err := groupOf(d.list("Resources")[1])
	if err != nil || g.Name != "ExampleGroup2" || !cmp.Equal(g.Members, []string{"U5566778899"}) {
		t.Errorf("a member without an id must be left out: %+v, %v", g, err)
	}
	d, _ = parseDocument(sample(t, "v2_GET_Group.response.json"))
	if g, err := groupOf(d); err != nil || !cmp.Equal(g.Members, []string{"U123ABC456"}) {
		t.Errorf("a member listed twice must come once: %+v, %v", g, err)
	}
}

func TestLenientReading(t *testing.T) {
	for name, row := range map[string]struct {
		body   string
		active bool
		fails  bool
	}{
		"string boolean":  {`{"id":"U1","active":"TRUE"}`, true, false},
		"string false":    {`{"id":"U1","active":"false"}`, false, false},
		"single objects":  {`{"id":"U1","active":true,"emails":{"value":"a@b.c"},"roles":"Lead","photos":null,"addresses":[],"name":null}`, true, false},
		"odd active":      {`{"id":"U1","active":"yes"}`, false, true},
		"active null":     {`{"id":"U1","active":null}`, false, true},
		"no id":           {`{"active":true}`, false, true},
		"numbers as text": {`{"id":"U1","active":true,"title":12345678901234567890}`, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := parseDocument([]byte(row.body))
			if err != nil {
				t.Fatal(err)
			}
			u, err := userOf(d)
			if (err != nil) != row.fails || u.Active != row.active {
				t.Errorf("got %+v, %v", u, err)
			}
			if err == nil && len(u.Profile) != len(scim.SlackAttributes) {
				t.Errorf("the profile must have every attribute: %v", u.Profile)
			}
		})
	}
	d, _ := parseDocument([]byte(`{"id":"U1","active":true,"emails":{"value":"a@b.c"},"roles":"Lead","title":12345678901234567890}`))
	u, _ := userOf(d)
	if u.Profile["email"] != "a@b.c" || u.Profile["role"] != "Lead" || u.Profile["title"] != "12345678901234567890" {
		t.Errorf("got %v", u.Profile)
	}
}

// TestNewUserIsTheDocumentedRequest compares with Slack's own example of POST /Users, but for what we say more clearly.
func TestNewUserIsTheDocumentedRequest(t *testing.T) {
	profile := filled(docUser)
	profile["photo"] = "https://photos.example.com/profilephoto.jpg"
	var got, want map[string]any
	encoded, _ := json.Marshal(newUser(profile))
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(sample(t, "v2_POST_User.request.json"), &want); err != nil {
		t.Fatal(err)
	}
	delete(want, "password")
	want["roles"] = []any{map[string]any{"value": "Tech Lead", "primary": true}} // the sample has "true"
	want["phoneNumbers"] = []any{                                                // the same two places, marked twice
		map[string]any{"value": "555-555-4444", "type": "mobile", "primary": true},
		map[string]any{"value": "555-555-5555", "type": "work", "primary": false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewUserSaysOnlyWhatThereIs(t *testing.T) {
	encoded, _ := json.Marshal(newUser(filled(scim.SlackUserProfile{"userName": "a", "email": "a@b.c", "guestType": "multi"})))
	want := `{"active":true,"emails":[{"primary":true,"type":"work","value":"a@b.c"}],"nickName":"a",` +
		`"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User"],` +
		`"urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User":{"type":"multi"},"userName":"a"}`
	if string(encoded) != want {
		t.Errorf("got  %s\nwant %s", encoded, want)
	}
}

// TestEveryAttributeHasAWireForm guards against an attribute of scim that this package forgets.
func TestEveryAttributeHasAWireForm(t *testing.T) {
	for _, a := range scim.SlackAttributes {
		p := scim.SlackUserProfile{"userName": "u", "email": "u@b.c"}
		bare, _ := json.Marshal(newUser(p))
		p[a] = "value-of-" + string(a)
		full, _ := json.Marshal(newUser(p))
		if string(bare) == string(full) {
			t.Errorf("POST does not send %s", a)
		}
		if !Updatable(a) {
			continue
		}
		set := scim.SlackUserProfile{a: "x@y.z"}
		for _, s := range Siblings(a) {
			set[s] = "s@y.z"
		}
		if operations, bad := (UserChange{Set: set}).operations(); bad != nil || len(operations) != 1 {
			t.Errorf("PATCH of %s: %v %v", a, operations, bad)
		}
	}
}
