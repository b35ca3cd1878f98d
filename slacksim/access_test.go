package slacksim

import (
	"net/http"
	"testing"
)

func TestProtectedAccounts(t *testing.T) {
	off := patch2(doc{"op": "replace", "path": "active", "value": false})
	s := New(fast(Options{TokenRole: RoleAdmin}))
	primary, _ := s.UserByName("primary.owner")
	owner := s.AddUser(User{UserName: "owner", Rank: RoleOwner, Active: true})
	bot := s.AddUser(User{UserName: "bot", Bot: true, Active: true})
	forgotten := s.AddUser(User{UserName: "gone", Forgotten: true})
	for id, want := range map[string]string{
		primary.ID: "cannot_modify_owner", owner: "cannot_modify_owner",
		bot: "cannot_disable_bot_user_with_scim", forgotten: "cannot_modify_gdpr",
	} {
		send(t, s, "PATCH", "/v2/Users/"+id, off).want(t, 403, want)
		send(t, s, "DELETE", "/v2/Users/"+id, nil).want(t, 403, want)
	}
	s = New(fast(Options{ErrorStatusProtected: 400}))
	owner = s.AddUser(User{UserName: "owner", Rank: RoleOwner, Active: true})
	send(t, s, "DELETE", "/v2/Users/"+owner, nil).want(t, 204, "") // the token outranks it
	send(t, s, "DELETE", "/v2/Users/"+s.TokenUser(), nil).want(t, 400, "cannot_disable_primary_owner")
	send(t, s, "PUT", "/v2/Users/"+s.TokenUser(), newUser2("scim.admin")).want(t, 400, "cannot_disable_primary_owner")
	send(t, s, "DELETE", "/v2/Users/U0NOBODY", nil).want(t, 404, "no_such_user")
	if u := mustUser(t, s, s.TokenUser()); !u.Active {
		t.Error("the primary owner is gone")
	}
}

func TestTokenOfLostAccount(t *testing.T) {
	s := New(fast(Options{TokenRole: RoleAdmin}))
	send(t, s, "DELETE", "/v2/Users/"+s.TokenUser(), nil).want(t, 204, "")
	send(t, s, "GET", "/v2/Users", nil).want(t, 401, "invalid_authentication")
	s.SetActive(s.TokenUser(), true)
	s.EditUser(s.TokenUser(), func(u *User) { u.Rank = RoleMember })
	send(t, s, "GET", "/v2/Users", nil).want(t, 403, "permission_denied")
}

func TestGuests(t *testing.T) {
	s := New(fast(Options{Enterprise: true}))
	id := s.AddUser(User{UserName: "a", Active: false})
	path := "/v2/Users/" + id
	guest := func(value any) doc { return patch2(doc{"op": "add", "path": urnGuest2, "value": value}) }
	send(t, s, "PATCH", path, guest(doc{"type": "single"})).want(t, 400, "invalid_attribute_format")
	send(t, s, "PATCH", path, guest(doc{"type": "multi", "expiration": "soon"})).want(t, 400, "invalid_attribute_format")
	send(t, s, "PATCH", path, guest(doc{"type": "multi", "expiration": "2027-01-01T00:00:00Z"})).want(t, 200, "")
	if u := mustUser(t, s, id); !u.Active || u.Guest == nil || u.Guest.Expiration == "" {
		t.Errorf("making a guest reactivates: %+v", u)
	}
	send(t, s, "PATCH", path, patch2(op("replace", urnGuest2+".expiration", "2028-01-01T00:00:00Z"))).want(t, 200, "")
	if u := mustUser(t, s, id); u.Guest.Expiration != "2028-01-01T00:00:00Z" {
		t.Errorf("%+v", u.Guest)
	}
	send(t, s, "PATCH", path, patch2(op("replace", urnGuest2+":channels", []doc{}))).want(t, 400, "invalid_attribute_format")
	send(t, s, "PATCH", path, patch2(op("add", urnGuest2, "multi"))).want(t, 400, "invalid_attribute_format")
	send(t, s, "PATCH", path, patch2(op("add", urnGuest2+":type", "multi"))).want(t, 200, "")
	send(t, s, "PUT", path, newUser2("a")).want(t, 200, "")
	if u := mustUser(t, s, id); u.Guest == nil || u.Active {
		t.Errorf("a PUT without the extension: %+v", u)
	}
	s.SetActive(id, false)
	send(t, s, "PATCH", path, patch2(doc{"op": "remove", "path": urnGuest2})).want(t, 200, "")
	if u := mustUser(t, s, id); !u.Active || u.Guest != nil {
		t.Errorf("making a member reactivates: %+v", u)
	}
	g := s.AddGroup(Group{DisplayName: "g", Members: []string{id}})
	send(t, s, "PATCH", path, guest(doc{"type": "multi"})).want(t, 200, "")
	if m := mustGroup(t, s, g).Members; len(m) != 0 {
		t.Errorf("a new guest keeps groups: %v", m)
	}
	send(t, s, "PATCH", "/v2/Users/"+s.TokenUser(), guest(doc{"type": "multi"})).want(t, 403, "cannot_make_user_guest")

	s = New(fast(Options{})) // Business+ has no guests over SCIM
	id = s.AddUser(User{UserName: "a", Active: true})
	send(t, s, "PATCH", "/v2/Users/"+id, guest(doc{"type": "multi"})).want(t, 403, "cannot_make_user_guest")
}

func TestUserIDs(t *testing.T) {
	for _, enterprise := range []bool{false, true} {
		s := New(fast(Options{Enterprise: enterprise}))
		id := send(t, s, "POST", "/v2/Users", newUser2("a")).want(t, 201, "").id(t)
		if !userID.MatchString(id) || (id[0] == 'W') != enterprise {
			t.Error(id)
		}
	}
	s := New(fast(Options{}))
	send(t, s, "GET", "/v2/Users/not-an-id", nil).want(t, 400, "cannot_decode_user_id")
}

func TestRouting(t *testing.T) {
	s := New(fast(Options{}))
	for _, tt := range []struct {
		method, path string
		status       int
		id           string
	}{
		{"GET", "/v2/Nothing", 404, "bad_endpoint"}, {"GET", "/v3/Users", 404, "bad_endpoint"},
		{"GET", "/v2/Users/U1/more", 404, "bad_endpoint"}, {"GET", "/v1/ResourceTypes", 404, "bad_endpoint"},
		{"POST", "/v2/Bulk", 404, "bad_endpoint"}, {"GET", "/v2/Me", 404, "bad_endpoint"},
		{"DELETE", "/v2/Users", 400, "missing_user_id"}, {"PATCH", "/v1/Groups/", 400, "missing_group_id"},
		{"POST", "/v2/Users/U1", 405, "method_not_allowed"}, {"POST", "/v2/Schemas", 405, "method_not_allowed"},
		{"GET", "/v2/Groups/S1", 404, "no_such_group"}, {"GET", "/v1/Users/U1", 404, "no_such_user"},
		{"GET", "/v2/Schemas/Users", 200, ""}, {"GET", "/v2/Schemas/Groups", 200, ""},
		{"GET", "/v2/ServiceProviderConfig", 200, ""}, {"GET", "/v1/ServiceProviderConfigs", 200, ""},
	} {
		r := send(t, s, tt.method, tt.path, nil).want(t, tt.status, tt.id)
		if ct := r.header.Get("Content-Type"); ct != "application/json; charset=utf-8" {
			t.Errorf("%s %s: %s", tt.method, tt.path, ct)
		}
	}
}

func TestAuthentication(t *testing.T) {
	s := New(fast(Options{}))
	call := func(path, authorization string) response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://sim/scim"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		r, err := do(s.Client(), req)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	want := `{"Errors":{"description":"invalid_authentication","code":401}}`
	for _, v := range []string{"/v1", "/v2"} {
		if r := call(v+"/Users", "Bearer dummy"); r.status != 401 || r.text != want {
			t.Errorf("%s: %d %s", v, r.status, r.text)
		}
		call(v+"/ServiceProviderConfigs", "Bearer dummy").want(t, 200, "")
		call(v+"/Users", "bearer "+DefaultToken).want(t, 200, "")
	}
	call("/v1/Users", "").want(t, 401, "missing_authentication")
	call("/v2/Users", "").want(t, 400, "unsupported_version")
	s.RevokeToken()
	call("/v2/Users", "Bearer "+DefaultToken).want(t, 401, "invalid_authentication")
	s.SetToken("other")
	call("/v2/Users", "Bearer other").want(t, 200, "")

	s = New(fast(Options{V2Gated: true}))
	send(t, s, "GET", "/v2/Users", nil).want(t, 400, "unsupported_version")
	send(t, s, "GET", "/v1/Users", nil).want(t, 200, "")
	s = New(fast(Options{Scopes: []string{"users:read"}}))
	send(t, s, "GET", "/v2/Users", nil).want(t, 403, "permission_denied")
}
