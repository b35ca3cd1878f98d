package slacksim

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sampleWorld is an organization in which Slack's samples make sense.
func sampleWorld(t *testing.T, o Options) *Sim {
	t.Helper()
	o.Enterprise, o.Domain = true, "aDoeenterpriseorg"
	s := New(fast(o))
	s.AddUser(User{
		ID: "U123ABC456", UserName: "pamela", GivenName: "Jay", FamilyName: "Doe", Active: true, Email: "pam@slack-corp.com",
		PrimaryPhone: "333-333-3333", StartDate: "2024-04-10T00:00:00+0000", Title: "receptionist", Role: "role 1",
	})
	for id, name := range map[string]string{"U999ABC456": "kay", "U111AAA111": "ann", "U222BBB222": "bob", "U333CCC333": "cid"} {
		s.AddUser(User{ID: id, UserName: name, GivenName: name, FamilyName: "Doe", Active: true})
	}
	s.AddGroup(Group{ID: "S123ABC456", DisplayName: "Applications-600", Members: []string{"U123ABC456", "U222BBB222"}})
	return s
}

// dropVolatile takes out what differs between any two organizations.
func dropVolatile(d doc) doc {
	delete(d, "id")
	delete(d, "meta")
	delete(d, "photos")
	return d
}

// TestSamplesAnswered sends Slack's own request samples and compares the whole
// answers with the documented ones.
func TestSamplesAnswered(t *testing.T) {
	const userPath, groupPath = "/v2/Users/U123ABC456", "/v2/Groups/S123ABC456"
	tests := []struct {
		sample, method, path string
		status               int
		// inconsistent is what in the documented answer does not follow from
		// its request; those keys are left out of the comparison.
		inconsistent []string
	}{
		{sample: "v2_POST_User", method: "POST", path: "/v2/Users", status: 201},
		{sample: "v2_POST_User_guest", method: "POST", path: "/v2/Users", status: 201},
		{sample: "v2_PUT_User", method: "PUT", path: userPath, status: 200},
		// The answer is that of another user: it shows the effects of the PUT
		// sample, which this request does not ask for.
		{sample: "v2_PATCH_User", method: "PATCH", path: userPath, status: 200, inconsistent: []string{
			"userName", "nickName", "profileUrl", "displayName", "title", "active", "emails", "phoneNumbers", "roles", "groups",
		}},
		// The member's name is "example" here and in full elsewhere.
		{sample: "v2_POST_Group", method: "POST", path: "/v2/Groups", status: 201, inconsistent: []string{"members"}},
		{sample: "v2_PUT_Group", method: "PUT", path: groupPath, status: 200},
		// Asks for U999ABC456 and gets U222ABC222, and for no rename and gets
		// one.
		{sample: "v2_PATCH_Group_replace_members", method: "PATCH", path: groupPath, status: 200,
			inconsistent: []string{"displayName", "members"}},
	}
	for _, tt := range tests {
		t.Run(tt.sample, func(t *testing.T) {
			s := sampleWorld(t, Options{})
			r := send(t, s, tt.method, tt.path, recorded(t, "docs/"+tt.sample+".request.json")).want(t, tt.status, "")
			want := recorded(t, "docs/"+tt.sample+".response.json")
			if diff := cmp.Diff(keys(want), keys(r.body)); diff != "" {
				t.Errorf("keys (-documented +got):\n%s", diff)
			}
			for _, k := range tt.inconsistent {
				delete(want, k)
				delete(r.body, k)
			}
			if diff := cmp.Diff(dropVolatile(want), dropVolatile(r.body)); diff != "" {
				t.Errorf("answer (-documented +got):\n%s", diff)
			}
		})
	}
}

func keys(d doc) []string {
	var out []string
	for k := range d {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// TestEverySampleAccepted sends every other request sample, and every operation
// of the catalogue, to see that none is refused.
func TestEverySampleAccepted(t *testing.T) {
	paths, err := filepath.Glob("testdata/docs/*.request.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, p := range paths {
		name := strings.TrimSuffix(filepath.Base(p), ".request.json")
		t.Run(name, func(t *testing.T) {
			s := sampleWorld(t, Options{})
			parts := strings.Split(name, "_")
			path := "/" + parts[0] + "/" + parts[2] + "s"
			status := 201
			if parts[1] != "POST" {
				path += map[string]string{"User": "/U123ABC456", "Group": "/S123ABC456"}[parts[2]]
				status = 200
			}
			if parts[0] == "v1" && parts[1] == "PATCH" && parts[2] == "Group" {
				status = 204
			}
			send(t, s, parts[1], path, recorded(t, "docs/"+name+".request.json")).want(t, status, "")
		})
	}
	for name, op := range recorded(t, "docs/v2_PATCH_User_operation_catalogue.json") {
		t.Run("catalogue/"+name, func(t *testing.T) {
			s := sampleWorld(t, Options{})
			const path = "/v2/Users/U123ABC456"
			if strings.HasPrefix(name, "guest_") {
				send(t, s, "PATCH", path, patch2(doc{"op": "add", "path": urnGuest2, "value": doc{"type": "multi"}})).want(t, 200, "")
			}
			if strings.HasPrefix(name, "emails_re") {
				send(t, s, "PATCH", path, patch2(doc{"op": "add", "path": "emails", "value": doc{"value": "some_other@email.com"}})).want(t, 200, "")
			}
			send(t, s, "PATCH", path, patch2(op.(doc))).want(t, 200, "")
		})
	}
}

// TestShapesMatchRecordings compares keys and kinds of values of answers with
// what Slack sent.
func TestShapesMatchRecordings(t *testing.T) {
	s := New(fast(Options{Enterprise: true}))
	plain := s.AddUser(User{UserName: "plain", GivenName: "P", FamilyName: "L", Active: true})
	off := s.AddUser(User{UserName: "off"})
	long := s.AddUser(User{UserName: "long", Active: true, EnterpriseForm: true, EmptySecondary: true})
	full := s.AddUser(User{
		UserName: "full", Active: true, SecondaryEmail: "f@example.com", HonorificPrefix: "Mrs.", PrimaryPhone: "1",
		Address: Address{"1", "2", "3", "4", "5"}, Role: "r", Locale: "en-US", EmployeeNumber: "1", Organization: "o",
		Division: "d", Department: "d", StartDate: "2024-04-10T00:00:00+0000",
	})
	g := s.AddGroup(Group{DisplayName: "g", Members: []string{full, plain}})
	empty := s.AddGroup(Group{DisplayName: "e"})
	tests := []struct{ recording, path string }{
		{"live/v1_GET_User_deactivated_never_signed_in.json", "/v1/Users/" + off},
		{"live/fixture-v1_user_1.json", "/v1/Users/" + off},
		{"live/fixture-v1_user_2.json", "/v1/Users/" + long},
		{"live/v1_PUT_Group.response.json", "/v1/Groups/" + g},
		{"live/fixture-v1_group_1.json", "/v1/Groups/" + empty},
		{"docs/v2_GET_User.response.json", "/v2/Users/" + full},
		{"docs/v2_GET_Group.response.json", "/v2/Groups/" + g},
		{"docs/v2_GET_Groups.response.json", "/v2/Groups?startIndex=2"},
		{"live/v2_Groups_anonymised.json", "/v2/Groups?count=1"},
		{"live/v1_Users_filter_restricted.json", "/v1/Users?filter=userName+eq+off"},
		{"live/fixture-v1_groups_1.json", "/v1/Groups?startIndex=2"},
		{"live/fixture-v1_service_provider_configs.json", "/v1/ServiceProviderConfigs"},
		{"live/v2_ResourceTypes.json", "/v2/ResourceTypes"},
		{"live/v2_Schemas_ListResponse.json", "/v2/Schemas"},
		{"live/v1_Schemas_Users.json", "/v1/Schemas/Users"},
		{"live/v1_Schemas_Groups.json", "/v1/Schemas/Groups"},
	}
	for _, tt := range tests {
		t.Run(tt.recording, func(t *testing.T) {
			got := send(t, s, "GET", tt.path, nil).want(t, 200, "")
			if diff := cmp.Diff(shapeOf(recorded(t, tt.recording)), shapeOf(got.body)); diff != "" {
				t.Errorf("shape (-Slack +got):\n%s", diff)
			}
		})
	}
}

// TestLiveUserRequests repeats recorded v1 calls.
func TestLiveUserRequests(t *testing.T) {
	for _, name := range []string{"no_name", "userName_is_email"} {
		t.Run(name, func(t *testing.T) {
			s := New(fast(Options{Enterprise: true, Domain: "panwtest"}))
			body := recorded(t, "live/v1_POST_User_"+name+".request.json")
			body["schemas"] = []string{urnCore1} // one recording lists arguments only
			got := send(t, s, "POST", "/v1/Users", body).want(t, 201, "")
			want := recorded(t, "live/v1_POST_User_"+name+".response.json")
			if name == "userName_is_email" {
				want["profileUrl"] = "https://panwtest.enterprise.slack.com/team/demistotest7"
			}
			if diff := cmp.Diff(dropVolatile(want), dropVolatile(got.body)); diff != "" {
				t.Errorf("-Slack +got:\n%s", diff)
			}
		})
	}
	s := New(fast(Options{Enterprise: true, Domain: "panwtest"}))
	id := s.AddUser(User{UserName: "powershelly10", GivenName: "powershelly10", DisplayName: "powershelly10",
		Email: "testdemistomock@paloaltonetworks.com", Active: true})
	got := send(t, s, "PATCH", "/v1/Users/"+id, recorded(t, "live/v1_PATCH_User_active_false.request.json")).want(t, 200, "")
	want := recorded(t, "live/v1_PATCH_User_active_false.response.json")
	if diff := cmp.Diff(dropVolatile(want), dropVolatile(got.body)); diff != "" {
		t.Errorf("-Slack +got:\n%s", diff)
	}
}

// TestKeyOrderOfLists holds lists to the order of keys in the recordings.
func TestKeyOrderOfLists(t *testing.T) {
	s := New(fast(Options{}))
	for path, recording := range map[string]string{
		"/v1/Users": "live/fixture-v1_users_1.json", "/v2/Users": "live/v2_Users_anonymised.json",
	} {
		text, err := os.ReadFile(filepath.Join("testdata", recording))
		if err != nil {
			t.Fatal(err)
		}
		got := topLevelKeys(t, send(t, s, "GET", path, nil).text)
		if diff := cmp.Diff(topLevelKeys(t, string(text)), got); diff != "" {
			t.Errorf("%s (-Slack +got):\n%s", path, diff)
		}
	}
}

func topLevelKeys(t *testing.T, text string) []string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var out []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, key.(string))
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
