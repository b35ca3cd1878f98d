package slacksim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUserNames(t *testing.T) {
	tests := []struct {
		sent, stored string // stored is what becomes of it, or
		refused      string // the error
	}{
		{sent: "alice", stored: "alice"},
		{sent: "Alice.B-C_D", stored: "alice.b-c_d"},
		{sent: "alice@example.com", stored: "alice"},
		{sent: "al+ice@example.com", stored: "al_ice"},
		{sent: "o'brien d", stored: "o_brien_d"},
		{sent: "jürgen", stored: "j_rgen"},
		{sent: "a23456789012345678901", stored: "a23456789012345678901"},
		{sent: "a234567890123456789012", refused: "username_too_long"},
		{sent: "a-very-long-local-part@example.com", refused: "username_too_long"},
		{sent: "", refused: "username_empty"},
		{sent: "  ", refused: "username_empty"},
		{sent: "...", refused: "username_invalid"},
		{sent: "Slackbot", refused: "username_not_allowed"},
		{sent: "boss", refused: "username_not_allowed"},
		{sent: "general", refused: "username_taken"}, // a channel
		{sent: "TAKEN", refused: "username_taken"},
		{sent: "gone", refused: "username_taken"}, // of a deactivated user
	}
	for _, tt := range tests {
		t.Run(tt.sent, func(t *testing.T) {
			s := New(fast(Options{ReservedNames: []string{"boss"}}))
			s.AddUser(User{UserName: "taken", Active: true})
			s.AddUser(User{UserName: "gone"})
			before := s.Users()
			body := newUser2(tt.sent, doc{"emails": []doc{{"value": "new@example.com"}}})
			r := send(t, s, "POST", "/v2/Users", body)
			if tt.refused != "" {
				status := 400
				if tt.refused == "username_taken" {
					status = 409
				}
				r.want(t, status, tt.refused)
				if diff := cmp.Diff(before, s.Users()); diff != "" {
					t.Errorf("a refused creation changed something:\n%s", diff)
				}
				return
			}
			u := mustUser(t, s, r.want(t, 201, "").id(t))
			if u.UserName != tt.stored || r.body["userName"] != tt.stored || r.body["nickName"] != tt.stored {
				t.Errorf("stored %q, answered %v", u.UserName, r.body["userName"])
			}
		})
	}
}

func TestErrorTexts(t *testing.T) {
	s := New(fast(Options{}))
	id := s.AddUser(User{UserName: "alice", Email: "alice@example.com"}) // deactivated
	texts := map[string][2]string{
		"bad_email_address (email=alice@example.com, reason=email_taken, existing_user=" + id + ")": {"/v1/Users", "alice"},
		"email_taken (existing_user=" + id + ")":                                                    {"/v2/Users", "alice"},
	}
	for want, tt := range texts {
		body := newUser2(tt[1])
		if strings.HasPrefix(tt[0], "/v1") {
			body["schemas"] = []string{urnCore1}
		}
		if got := send(t, s, "POST", tt[0], body).errorText(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	body := newUser2("alice", doc{"emails": []doc{{"value": "x@example.com"}}})
	if got := send(t, s, "POST", "/v2/Users", body).errorText(); got != "username_taken (username=alice)" {
		t.Error(got)
	}
	body = newUser2("a_very_long_username_over_21")
	body["schemas"] = []string{urnCore1}
	if got := send(t, s, "POST", "/v1/Users", body).text; got != `{"Errors":{"description":"username_too_long (username=a_very_long_username_over_21)","code":400}}` {
		t.Error(got)
	}
	s.SetActive(id, true)
	got := send(t, s, "PATCH", "/v2/Users/"+id, patch2(doc{"op": "replace", "path": "userName", "value": strings.Repeat("x", 22)}))
	if got.want(t, 400, "long_username").errorText() != "long_username (user="+strings.Repeat("x", 22)+")" {
		t.Error(got.text)
	}
}

func TestTakenStatusIsAChoice(t *testing.T) {
	s := New(fast(Options{ErrorStatusTaken: 400}))
	s.AddUser(User{UserName: "alice"})
	send(t, s, "POST", "/v2/Users", newUser2("alice")).want(t, 400, "email_taken")
}

func TestEmailsAreUniqueAcrossBothPlacesAndCases(t *testing.T) {
	s := New(fast(Options{}))
	a := s.AddUser(User{UserName: "a", Email: "a@example.com", SecondaryEmail: "a2@example.com", Active: true})
	for _, taken := range []string{"A@example.com", "a2@EXAMPLE.com"} {
		r := send(t, s, "POST", "/v2/Users", newUser2("b", doc{"emails": []doc{{"value": taken}}})).want(t, 409, "email_taken")
		if !strings.Contains(r.errorText(), "existing_user="+a) {
			t.Error(r.text)
		}
	}
	b := s.AddUser(User{UserName: "b", Active: true})
	send(t, s, "PATCH", "/v2/Users/"+b, patch2(doc{"op": "add", "path": "emails", "value": doc{"value": "a@example.com"}})).want(t, 409, "email_taken")
	// A freed address can be taken again.
	send(t, s, "PATCH", "/v2/Users/"+a, patch2(doc{"op": "remove", "path": "emails"})).want(t, 200, "")
	send(t, s, "PATCH", "/v2/Users/"+b, patch2(doc{"op": "add", "path": "emails", "value": doc{"value": "a2@example.com"}})).want(t, 200, "")
	if u, _ := s.UserByEmail("A2@example.com"); u.ID != b {
		t.Errorf("a2 belongs to %s", u.ID)
	}
}

func TestTruncatedUserName(t *testing.T) {
	s := New(fast(Options{TruncateUserNameOnConflict: true}))
	long := strings.Repeat("x", 21)
	s.AddUser(User{UserName: long})
	r := send(t, s, "POST", "/v2/Users", newUser2(long, doc{"emails": []doc{{"value": "y@example.com"}}})).want(t, 201, "")
	if r.body["userName"] != long[:20]+"2" {
		t.Error(r.body["userName"])
	}
}

func TestDisplayNames(t *testing.T) {
	for name, want := range map[string]string{
		"Ann O'Neil (Ops), ü;/": "", "@ann": "invalid_starts_with_at", "a@b": "invalid_name_specials",
		"ann 🎉": "invalid_emoji_not_allowed", strings.Repeat("é", 80): "", strings.Repeat("é", 81): "invalid_name_maxlength",
	} {
		s := New(fast(Options{}))
		r := send(t, s, "POST", "/v2/Users", newUser2("ann", doc{"displayName": name}))
		if want != "" {
			r.want(t, 400, want)
		} else if u := mustUser(t, s, r.want(t, 201, "").id(t)); u.DisplayName != name {
			t.Errorf("%q became %q", name, u.DisplayName)
		}
	}
	s := New(fast(Options{DisplayNameLocked: true}))
	id := s.AddUser(User{UserName: "ann", DisplayName: "Ann", Active: true})
	path := "/v2/Users/" + id
	send(t, s, "PATCH", path, patch2(doc{"op": "replace", "path": "displayName", "value": "Anna"})).want(t, 400, "invalid_display_name")
	send(t, s, "PATCH", path, patch2(doc{"op": "replace", "path": "displayName", "value": "Ann"})).want(t, 200, "")
}

func TestRequiredAttributes(t *testing.T) {
	for _, tt := range []struct {
		body doc
		want string
	}{
		{doc{"userName": "a"}, "missing_schema_element"},
		{doc{"schemas": []string{urnCore1}, "userName": "a"}, "missing_schema_element"}, // of the other version
		{doc{"schemas": []string{urnUser2}, "emails": []doc{{"value": "a@b.c"}}}, "username_required"},
		{doc{"schemas": []string{urnUser2}, "userName": "a"}, "email_empty"},
		{newUser2("a", doc{"emails": []doc{}}), "email_empty"},
		{newUser2("a", doc{"emails": []doc{{"value": "no address"}}}), "email_invalid"},
		{newUser2("a", doc{"emails": "a@b.c"}), "emails_invalid"},
		{newUser2("a", doc{"phoneNumbers": []any{1}}), ""}, // a fault in the profile is no refusal
		{newUser2("a", doc{"photos": []doc{{"value": "ftp://x"}}}), "photos_invalid"},
		{newUser2("a", doc{"active": "maybe"}), "invalid_attribute_format"},
		{newUser2("a", doc{"name": doc{"givenName": " ", "familyName": "  "}}), "invalid_name_required"},
		{newUser2("a", doc{"title": doc{}}), "invalid_attribute_format"},
		{newUser2("a", doc{"active": "False", "unknown": 1, "externalId": "e1", "groups": []doc{{"value": "S1"}}}), ""},
	} {
		s := New(fast(Options{}))
		r := send(t, s, "POST", "/v2/Users", tt.body)
		if tt.want == "" {
			r.want(t, 201, "")
		} else {
			r.want(t, 400, tt.want)
		}
	}
	for _, body := range []string{"", "[]", "null", `{"a":1} x`, `{"schemas":`} {
		send(t, New(fast(Options{})), "POST", "/v2/Users", body).want(t, 400, "invalid_request_payload")
	}
}

func TestCreationChoices(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		s := New(fast(Options{CreateIgnoresActive: ignore, LowercaseEmail: ignore}))
		r := send(t, s, "POST", "/v2/Users", newUser2("A", doc{"active": false})).want(t, 201, "")
		email := map[bool]string{false: "A@example.com", true: "a@example.com"}[ignore]
		if u := mustUser(t, s, r.id(t)); u.Active != ignore || u.Email != email || u.GivenName != "a" || u.DisplayName != "a" {
			t.Errorf("%+v", u)
		}
	}
}

func TestExternalIDIsNotKept(t *testing.T) {
	s := New(fast(Options{}))
	r := send(t, s, "POST", "/v2/Users", newUser2("a", doc{"externalId": "e1"})).want(t, 201, "")
	if r.body["externalId"] != "" {
		t.Error(r.text)
	}
	if _, has := r.body["password"]; has {
		t.Error("password answered")
	}
}

func TestBadProfileIsDroppedOnCreation(t *testing.T) {
	s := New(fast(Options{}))
	body := newUser2("a", doc{
		"schemas": []string{urnUser2, urnEnterprise2}, "userType": "Employee", "title": "Boss",
		urnEnterprise2: doc{"department": "Ops", "manager": doc{"managerId": "nobody"}},
	})
	u := mustUser(t, s, send(t, s, "POST", "/v2/Users", body).want(t, 201, "").id(t))
	if u.Department != "" || u.UserType != "" || u.Title != "Boss" {
		t.Errorf("kept %+v", u)
	}
	path := "/v2/Users/" + u.ID
	send(t, s, "PATCH", path, patch2(doc{"op": "replace", "path": urnEnterprise2, "value": body[urnEnterprise2]})).want(t, 404, "unknown_user")
	send(t, s, "PATCH", path, patch2(doc{"op": "replace", "path": urnEnterprise2, "value": doc{"manager": doc{"value": u.ID}}})).
		want(t, 400, "improper_enterprise_schema_format")
}

func TestManagerByIDEmailOrUserName(t *testing.T) {
	s := New(fast(Options{}))
	boss := s.AddUser(User{UserName: "boss", Email: "boss@example.com", Active: true})
	id := s.AddUser(User{UserName: "a", Active: true})
	for _, who := range []string{boss, "BOSS@example.com", "boss"} {
		op := doc{"op": "replace", "path": urnEnterprise2 + ":manager.managerId", "value": who}
		r := send(t, s, "PATCH", "/v2/Users/"+id, patch2(op)).want(t, 200, "")
		if got := r.body[urnEnterprise2].(doc)["manager"].(doc)["managerId"]; got != boss {
			t.Errorf("%s: answered %v", who, got)
		}
		s.EditUser(id, func(u *User) { u.ManagerID = "" })
	}
}

func TestPhonesComeBackSwapped(t *testing.T) {
	s := New(fast(Options{}))
	r := send(t, s, "POST", "/v2/Users", newUser2("a", doc{"phoneNumbers": []doc{
		{"value": "W", "type": "work"}, {"value": "M", "type": "mobile"},
	}})).want(t, 201, "")
	want := []any{doc{"value": "W", "type": "mobile"}, doc{"value": "M", "primary": true}}
	if diff := cmp.Diff(want, r.body["phoneNumbers"]); diff != "" {
		t.Error(diff)
	}
	if u := mustUser(t, s, r.id(t)); u.PrimaryPhone != "M" || u.MobilePhone != "W" {
		t.Errorf("%+v", u)
	}
	// An answer sent back does not mean the same.
	send(t, s, "PATCH", "/v2/Users/"+r.id(t), patch2(doc{"op": "replace", "path": "phoneNumbers", "value": []doc{{"value": "W", "type": "mobile"}}}))
	if u := mustUser(t, s, r.id(t)); u.PrimaryPhone != "W" || u.MobilePhone != "" {
		t.Errorf("%+v", u)
	}
}

func TestPutOverwrites(t *testing.T) {
	for _, keep := range []bool{false, true} {
		s := New(fast(Options{PutKeepsActive: keep}))
		id := s.AddUser(User{UserName: "a", GivenName: "G", FamilyName: "F", Title: "T", Timezone: "Asia/Tokyo", Active: true,
			Department: "D", PrimaryPhone: "1", SecondaryEmail: "s@example.com", ProfileURL: "https://x", DisplayName: "A"})
		g := s.AddGroup(Group{DisplayName: "g", Members: []string{id}})
		send(t, s, "PUT", "/v2/Users/"+id, newUser2("a")).want(t, 200, "")
		got := mustUser(t, s, id)
		want := User{ID: id, UserName: "a", GivenName: "G", FamilyName: "F", Timezone: defaultTimezone, Active: keep,
			Email: "a@example.com", EmptySecondary: true, EnterpriseForm: true, Created: got.Created}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("keep %v:\n%s", keep, diff)
		}
		if members := len(mustGroup(t, s, g).Members); members != map[bool]int{false: 0, true: 1}[keep] {
			t.Errorf("keep %v: %d members", keep, members)
		}
	}
	s := New(fast(Options{}))
	id := s.AddUser(User{UserName: "a", Active: true})
	send(t, s, "PUT", "/v2/Users/"+id, newUser2("a", doc{"active": true, "password": "x"})).want(t, 400, "password_change_not_allowed")
	send(t, s, "PUT", "/v2/Users/"+id, doc{"schemas": []string{urnUser2}, "userName": "a", "active": true}).want(t, 400, "email_empty")
	send(t, s, "PUT", "/v2/Users/"+id, doc{"schemas": []string{urnUser2}, "active": true, "emails": []doc{{"value": "a@b.c"}}}).
		want(t, 400, "username_required")
	if !mustUser(t, s, id).Active {
		t.Error("a refused PUT deactivated")
	}
}

func TestDeleteDeactivatesAndRepeats(t *testing.T) {
	s := New(fast(Options{}))
	id := s.AddUser(User{UserName: "a", Active: true})
	g := s.AddGroup(Group{DisplayName: "g", Members: []string{s.TokenUser(), id}})
	for range 3 {
		if r := send(t, s, "DELETE", "/v2/Users/"+id, nil).want(t, 204, ""); r.text != "" {
			t.Errorf("body %q", r.text)
		}
		if r := send(t, s, "DELETE", "/v1/Users/"+id, nil).want(t, 200, ""); r.text != "" {
			t.Errorf("body %q", r.text)
		}
	}
	r := send(t, s, "GET", "/v2/Users/"+id, nil).want(t, 200, "")
	if r.body["active"] != false || len(r.body["groups"].([]any)) != 0 {
		t.Error(r.text)
	}
	if diff := cmp.Diff([]string{s.TokenUser()}, mustGroup(t, s, g).Members); diff != "" {
		t.Error(diff)
	}
	// Reactivation keeps the id and does not restore memberships.
	r = send(t, s, "PATCH", "/v2/Users/"+id, patch2(doc{"op": "Replace", "path": "active", "value": true})).want(t, 200, "")
	if r.id(t) != id || r.body["active"] != true || len(r.body["groups"].([]any)) != 0 {
		t.Error(r.text)
	}
}
