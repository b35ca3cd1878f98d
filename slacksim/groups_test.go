package slacksim

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// team is an organization with users A, B, C, a deactivated D and a guest G,
// and a group of A and B.
func team(t *testing.T, o Options) *Sim {
	t.Helper()
	o.Enterprise = true
	s := New(fast(o))
	for _, n := range []string{"a", "b", "c"} {
		s.AddUser(User{ID: "U" + fmt.Sprintf("%X", n), UserName: n, GivenName: n, Active: true})
	}
	s.AddUser(User{ID: "U64", UserName: "d"})
	s.AddUser(User{ID: "U67", UserName: "g", Active: true, Guest: &Guest{Type: "multi"}})
	s.AddGroup(Group{ID: "S1", DisplayName: "Team", Members: []string{"U61", "U62"}})
	return s
}

func ids(list ...string) []doc {
	out := []doc{}
	for _, id := range list {
		out = append(out, doc{"value": id})
	}
	return out
}

func TestPatchGroup(t *testing.T) {
	tests := map[string]struct {
		o    Options
		ops  []doc
		want []string
		err  string
	}{
		"add":                        {ops: []doc{op("add", "members", ids("U63", "U61"))}, want: []string{"U61", "U62", "U63"}},
		"replace":                    {ops: []doc{op("replace", "members", ids("U63"))}, want: []string{"U63"}},
		"replace none":               {ops: []doc{op("replace", "members", ids())}, want: nil},
		"remove one quoted":          {ops: []doc{op("remove", `members[value eq "U61"]`)}, want: []string{"U62"}},
		"remove one bare":            {ops: []doc{op("remove", "members[value eq U61]")}, want: []string{"U62"}},
		"remove a stranger":          {ops: []doc{op("remove", `members[value eq "U0NOBODY"]`)}, want: []string{"U61", "U62"}},
		"remove all":                 {ops: []doc{op("remove", "members")}, want: nil},
		"remove value":               {ops: []doc{op("remove", "members", ids("U61"))}, want: []string{"U62"}},
		"remove value empties":       {o: Options{RemoveMembersWithValueEmptiesGroup: true}, ops: []doc{op("remove", "members", ids("U61"))}, want: nil},
		"add replaces":               {o: Options{AddMembersReplaces: true}, ops: []doc{op("add", "members", ids("U63"))}, want: []string{"U63"}},
		"several":                    {ops: []doc{op("add", "members", ids("U63")), op("remove", "members[value eq U62]")}, want: []string{"U61", "U63"}},
		"unknown":                    {ops: []doc{op("add", "members", ids("U63", "U0NOBODY"))}, err: "no_such_group_members"},
		"unknown, others taken":      {o: Options{PartialMembers: true}, ops: []doc{op("add", "members", ids("U0NOBODY", "U63"))}, want: []string{"U61", "U62", "U63"}, err: "no_such_group_members"},
		"deactivated":                {ops: []doc{op("add", "members", ids("U64"))}, err: "unable_to_add_deleted_or_guest_to_group"},
		"guest":                      {ops: []doc{op("add", "members", ids("U67"))}, err: "unable_to_add_deleted_or_guest_to_group"},
		"guest allowed":              {o: Options{GuestsInGroups: true}, ops: []doc{op("add", "members", ids("U67"))}, want: []string{"U61", "U62", "U67"}},
		"atomic":                     {ops: []doc{op("remove", "members"), op("add", "members", ids("U64"))}, err: "unable_to_add_deleted_or_guest_to_group"},
		"partial":                    {o: Options{PartialPatch: true}, ops: []doc{op("remove", "members"), op("add", "members", ids("U64"))}, want: []string{}, err: "unable_to_add_deleted_or_guest_to_group"},
		"rename refused":             {o: Options{RefuseGroupRenameByPatch: true}, ops: []doc{op("replace", "displayName", "x")}, err: "invalid_attribute_format"},
		"add by filter":              {ops: []doc{op("add", "members[value eq U63]", ids("U63"))}, err: "invalid_attribute_format"},
		"pathless":                   {ops: []doc{{"op": "add", "value": doc{"members": ids("U63")}}}, err: "invalid_attribute_format"},
		"pathless applied":           {o: Options{Pathless: PathlessApplied}, ops: []doc{{"op": "add", "value": doc{"members": ids("U63")}}}, want: []string{"U61", "U62", "U63"}},
		"pathless removal":           {o: Options{Pathless: PathlessApplied}, ops: []doc{{"op": "remove", "value": doc{"members": ids("U61")}}}, err: "invalid_request_payload"},
		"no value":                   {ops: []doc{op("add", "members")}, err: "invalid_request_payload"},
		"unknown path":               {ops: []doc{op("replace", "description", "x")}, err: "invalid_attribute_format"},
		"bad member":                 {ops: []doc{op("add", "members", ids(""))}, err: "invalid_attribute_format"},
		"a member that is no object": {ops: []doc{op("add", "members", []any{1})}, err: "invalid_attribute_format"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := team(t, tt.o)
			r := send(t, s, "PATCH", "/v2/Groups/S1", patch2(tt.ops...))
			if tt.err != "" {
				r.want(t, 400, tt.err)
				if tt.want == nil {
					tt.want = []string{"U61", "U62"} // unchanged
				}
			} else {
				r.want(t, 200, "")
			}
			if diff := cmp.Diff(append([]string{}, tt.want...), append([]string{}, mustGroup(t, s, "S1").Members...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestGroupLifecycle(t *testing.T) {
	for _, v := range []string{"/v1", "/v2"} {
		t.Run(v, func(t *testing.T) {
			s := team(t, Options{})
			body := func(name string, members ...string) doc {
				d := newGroup2(name, members...)
				if v == "/v1" {
					d["schemas"] = []string{urnCore1}
				}
				return d
			}
			r := send(t, s, "POST", v+"/Groups", body(" Ops ", "U61", "U61", "U62")).want(t, 201, "")
			id := r.id(t)
			if g := mustGroup(t, s, id); g.DisplayName != "Ops" || len(g.Members) != 2 {
				t.Errorf("%+v", g)
			}
			send(t, s, "POST", v+"/Groups", body("oPS")).want(t, 409, "group_creation_failed")
			send(t, s, "POST", v+"/Groups", body(" ")).want(t, 400, "invalid_attribute_format")
			send(t, s, "PUT", v+"/Groups/"+id, body("TEAM")).want(t, 409, "group_creation_failed")
			send(t, s, "PUT", v+"/Groups/"+id, doc{"schemas": body("")["schemas"], "displayName": "Ops 2"}).want(t, 200, "")
			if g := mustGroup(t, s, id); g.DisplayName != "Ops 2" || len(g.Members) != 0 {
				t.Errorf("a PUT without members empties: %+v", g)
			}
			send(t, s, "DELETE", v+"/Groups/"+id, nil).want(t, 204, "")
			send(t, s, "DELETE", v+"/Groups/"+id, nil).want(t, 404, "no_such_group")
			send(t, s, "POST", v+"/Groups", body("Ops 2")).want(t, 201, "")
		})
	}
}

func TestPatchGroupV1(t *testing.T) {
	s := team(t, Options{})
	members := []doc{{"value": "U61", "operation": "delete"}, {"value": "U63"}}
	r := send(t, s, "PATCH", "/v1/Groups/S1", doc{"schemas": []string{urnCore1}, "displayName": "New", "members": members}).want(t, 204, "")
	if r.text != "" {
		t.Error(r.text)
	}
	send(t, s, "PATCH", "/v1/Groups/S1", doc{"displayName": " "}).want(t, 400, "invalid_attribute_format")
	send(t, s, "PATCH", "/v1/Groups/S1", doc{"members": []doc{{}}}).want(t, 400, "invalid_attribute_format")
	send(t, s, "PATCH", "/v1/Groups/S1", doc{"members": []doc{{"value": "U62", "operation": "delete"}, {"value": "U64"}}}).
		want(t, 400, "unable_to_add_deleted_or_guest_to_group")
	want := Group{ID: "S1", DisplayName: "New", Members: []string{"U62", "U63"}}
	got := mustGroup(t, s, "S1")
	got.Created = want.Created
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGroupChoices(t *testing.T) {
	s := team(t, Options{GroupPatchStatus: 204, DuplicateGroupNames: true})
	if r := send(t, s, "PATCH", "/v2/Groups/S1", patch2(op("replace", "displayName", "New"))); r.status != 204 || r.text != "" {
		t.Errorf("%d %s", r.status, r.text)
	}
	send(t, s, "POST", "/v2/Groups", newGroup2("New")).want(t, 201, "")
	nothing := team(t, Options{CreateGroupAnswersNothing: true})
	if r := send(t, nothing, "POST", "/v2/Groups", newGroup2("New")); r.status != 201 || r.text != "" {
		t.Errorf("%d %s", r.status, r.text)
	}
	if _, ok := nothing.GroupByName("new"); !ok {
		t.Error("no group")
	}
	s.AddGroup(Group{ID: "S2", DisplayName: "Team Admins", Managed: true})
	s.AddGroup(Group{ID: "S3", DisplayName: "linked", LinkedToChannels: true})
	send(t, s, "DELETE", "/v2/Groups/S2", nil).want(t, 403, "permission_denied")
	send(t, s, "DELETE", "/v2/Groups/S3", nil).want(t, 400, "idp_group_linked_to_channels")
}

// TestMembersOfAlreadyMayStay though they could not join.
func TestMembersOfAlreadyMayStay(t *testing.T) {
	s := team(t, Options{})
	s.AddGroup(Group{ID: "S2", DisplayName: "Old", Members: []string{"U67"}}) // a guest
	send(t, s, "PATCH", "/v2/Groups/S2", patch2(op("replace", "members", ids("U61", "U67")))).want(t, 200, "")
	send(t, s, "PATCH", "/v2/Groups/S2", patch2(op("replace", "members", ids("U61")))).want(t, 200, "")
	send(t, s, "PATCH", "/v2/Groups/S2", patch2(op("replace", "members", ids("U61", "U67")))).
		want(t, 400, "unable_to_add_deleted_or_guest_to_group")
}

func TestPathlessRename(t *testing.T) {
	s := team(t, Options{Pathless: PathlessApplied})
	rename := func(name string) doc {
		return patch2(doc{"op": "replace", "value": doc{"displayName": name, "id": "S1"}})
	}
	send(t, s, "PATCH", "/v2/Groups/S1", rename("")).want(t, 400, "invalid_attribute_format")
	send(t, s, "PATCH", "/v2/Groups/S1", rename("New")).want(t, 200, "")
	if g := mustGroup(t, s, "S1"); g.DisplayName != "New" || len(g.Members) != 2 {
		t.Errorf("%+v", g)
	}
}

func TestGroupSizes(t *testing.T) {
	s := New(fast(Options{}))
	var many []string
	for i := range 5001 {
		many = append(many, s.AddUser(User{UserName: fmt.Sprintf("u%d", i), Active: true}))
	}
	send(t, s, "POST", "/v2/Groups", newGroup2("g", many...)).want(t, 400, "group_member_max_exceeded")
	id := send(t, s, "POST", "/v2/Groups", newGroup2("g", many[:5000]...)).want(t, 201, "").id(t)
	send(t, s, "PATCH", "/v2/Groups/"+id, patch2(op("add", "members", ids(many[5000])))).want(t, 400, "group_member_max_exceeded")
	flood := make([]string, maxMembersPerCall+1)
	for i := range flood {
		flood[i] = many[0]
	}
	send(t, s, "PATCH", "/v2/Groups/"+id, patch2(op("add", "members", ids(flood...)))).want(t, 400, "too_many_users")
	if n := len(mustGroup(t, s, id).Members); n != 5000 {
		t.Error(n)
	}
}
