package scimhandlers

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
	"scim2slack/store"
)

func TestFilters(t *testing.T) {
	w := newWorld(t)
	ids := map[string]string{}
	for i, name := range []string{"ann", "bob", "cid"} {
		body := userBody(name + "@x.test")
		body["externalId"] = fmt.Sprintf("E-%d", i)
		body["title"] = "Title " + name
		body["active"] = name != "bob"
		if name == "cid" {
			body[scim.EnterpriseSchema] = object{"department": "Ops", "manager": object{"value": ids["ann"]}, "employeeNumber": "701984"}
		}
		ids[name] = w.must(201, "POST", "/Users", body).body.String("id")
	}
	ids["plus"] = w.newUser("p+lus@x.test")
	ids["eng"] = w.newGroup("Eng Team", ids["ann"], ids["bob"])
	ids["ops"] = w.newGroup("Ops", ids["cid"])
	replace := strings.NewReplacer("{ann}", ids["ann"], "{bob}", ids["bob"], "{eng}", ids["eng"], "{ops}", ids["ops"])
	for _, c := range []struct{ path, filter, want string }{
		{"/Users", `userName eq "ann@x.test"`, "ann"},
		{"/Users", `USERNAME EQ "Ann@X.test"`, "ann"},
		{"/Users", `userName eq ann@x.test`, "ann"},
		{"/Users", `urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ann@x.test"`, "ann"},
		{"/Users", `userName eq "nobody@x.test"`, ""},
		{"/Users", `userName eq "p+lus@x.test"`, "plus"},
		{"/Users", `externalId eq "E-1"`, "bob"},
		{"/Users", `externalId eq "e-1"`, ""},
		{"/Users", `externalId eq "6f9619ff-8b86-d011-b42d-00cf4fc964ff"`, ""},
		{"/Users", `id eq "{ann}"`, "ann"},
		{"/Users", `id eq "0"`, ""},
		{"/Users", `id eq "{eng}"`, ""},
		{"/Users", `id eq "{ann}" and manager eq "{bob}"`, ""},
		{"/Users", `emails eq "BOB@x.test"`, "bob"},
		{"/Users", `emails.value eq "bob@x.test"`, "bob"},
		{"/Users", `emails[type eq "work"].value eq "bob@x.test"`, "bob"},
		{"/Users", `emails[type eq "home"].value eq "bob@x.test"`, ""},
		{"/Users", `manager eq "{ann}"`, "cid"},
		{"/Users", `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "{ann}"`, "cid"},
		{"/Users", `employeeNumber eq "701984"`, "cid"},
		{"/Users", `active eq false`, "bob"},
		{"/Users", `active eq "True" and title pr`, "ann cid"},
		{"/Users", `title sw "Title" and not (title ew "bob")`, "ann cid"},
		{"/Users", `userName eq "ann@x.test" or userName eq "bob@x.test"`, "ann bob"},
		{"/Users", `groups.value eq "{ops}"`, "cid"},
		{"/Users", `meta.created gt "2020-01-01T00:00:00Z" and title co "BOB"`, "bob"},
		{"/Users", `meta.resourceType eq "Group"`, ""},
		{"/Groups", `displayName eq "eng team"`, "eng"},
		{"/Groups", `displayName sw "O"`, "ops"},
		{"/Groups", `members.value eq "{ann}"`, "eng"},
		{"/Groups", `members eq "{ann}"`, "eng"},
		{"/Groups", `members[value eq "{ann}"]`, "eng"},
		{"/Groups", `id eq "{eng}" and members eq "{ann}"`, "eng"},
		{"/Groups", `id eq "{ops}" and members eq "{ann}"`, ""},
		{"/Groups", `members eq "{ann}" and members eq "{bob}"`, "eng"},
		{"/Groups", `members eq "{ann}" and not (members eq "{bob}")`, ""},
		{"/Groups", `not (members eq "{ann}")`, "ops"},
		{"/Groups", `members eq "17"`, ""},
	} {
		filter := replace.Replace(c.filter)
		for _, encoded := range []string{url.QueryEscape(filter), url.PathEscape(filter),
			strings.NewReplacer("%2B", "+", "&", "%26").Replace(url.PathEscape(filter))} {
			a := w.must(200, "GET", c.path+"?filter="+encoded, nil)
			var got []string
			for _, id := range found(a) {
				for name := range ids {
					if ids[name] == id {
						got = append(got, name)
					}
				}
			}
			if strings.Join(got, " ") != c.want || a.body["totalResults"] != float64(len(got)) {
				t.Errorf("%s: got %v of %v, want %q", filter, got, a.body["totalResults"], c.want)
			}
		}
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i := range 25 {
		ids = append(ids, w.newUser(fmt.Sprintf("user%02d@x.test", i)))
	}
	for _, filter := range []string{"", `active eq true`, `userName sw "user"`} {
		for _, c := range []struct {
			query string
			start int
			want  []string
		}{
			{"", 1, ids},
			{"startIndex=1&count=2", 1, ids[:2]},
			{"startindex=3&COUNT=2", 3, ids[2:4]},
			{"startIndex=0", 1, ids},
			{"startIndex=-7&count=1", 1, ids[:1]},
			{"startIndex=24&count=100", 24, ids[23:]},
			{"startIndex=26", 26, nil},
			{"startIndex=99999999999999999999", 1 << 53, nil},
			{"count=0", 1, nil},
			{"count=-1", 1, nil},
			{"count=5000", 1, ids},
			{"count=", 1, ids},
		} {
			a := w.must(200, "GET", "/Users?"+c.query+"&filter="+url.QueryEscape(filter)+"&", nil)
			if diff := cmp.Diff(append([]string{}, c.want...), found(a)); diff != "" {
				t.Errorf("%q filter %q (-want +got):\n%s", c.query, filter, diff)
			}
			if a.body["totalResults"] != 25.0 || a.body["startIndex"] != float64(c.start) || a.body["itemsPerPage"] != float64(len(c.want)) {
				t.Errorf("%q filter %q: total %v, start %v, items %v", c.query, filter, a.body["totalResults"], a.body["startIndex"], a.body["itemsPerPage"])
			}
			if _, ok := a.body["Resources"].([]any); !ok {
				t.Errorf("%q: Resources is %v, not a list", c.query, a.body["Resources"])
			}
		}
	}
}

// TestPagingWhileUsersLeave pages through a list from which somebody is deleted on the way: nobody else may be missed.
func TestPagingWhileUsersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var ids []string
		for i := range 20 {
			ids = append(ids, w.newUser(fmt.Sprintf("user%02d@x.test", i)))
		}
		page := func(start int) []string {
			return found(w.must(200, "GET", fmt.Sprintf("/Users?startIndex=%d&count=5", start), nil))
		}
		got := page(1)
		w.must(204, "DELETE", "/Users/"+ids[2], nil)
		got = append(got, page(6)...) // after the fifth of the first page, though that is the fourth by now
		if diff := cmp.Diff(ids[:10], got); diff != "" {
			t.Errorf("two pages (-want +got):\n%s", diff)
		}
		// Somebody who begins anew, or comes much later, sees the list as it is.
		left := slices.Delete(slices.Clone(ids), 2, 3)
		if diff := cmp.Diff(left[:10], append(page(1), page(6)...)); diff != "" {
			t.Errorf("pages anew (-want +got):\n%s", diff)
		}
		w.must(204, "DELETE", "/Users/"+ids[0], nil)
		time.Sleep(bookmarkLife + time.Second)
		if diff := cmp.Diff(left[1:][5:10], page(6)); diff != "" {
			t.Errorf("a page much later (-want +got):\n%s", diff)
		}
	})
}

func TestBookmarksAreBounded(t *testing.T) {
	var b bookmarks
	for i := range 3 * maxBookmarks {
		b.put(bookmark{"idp", store.User, i}, "x")
	}
	if len(b.places) > maxBookmarks {
		t.Errorf("%d bookmarks", len(b.places))
	}
}

func TestPageOfLargeGroupsEndsEarly(t *testing.T) {
	w := newWorld(t)
	w.handler.maxPageMembers = 100
	_, ids := w.largeGroup(50)
	for i := range 3 {
		group := w.newGroup(fmt.Sprintf("Copy %d", i))
		w.update(func(tx store.Tx) error {
			members := make([]store.Member, len(ids))
			for i, id := range ids {
				members[i] = store.Member{ID: id, Type: store.User}
			}
			_, err := tx.AddMembers(w.key(store.Group, group), members...)
			return err
		})
	}
	var got []string
	for pages := 0; len(got) < 4; pages++ {
		a := w.must(200, "GET", fmt.Sprintf("/Groups?startIndex=%d", len(got)+1), nil)
		if n := len(found(a)); n != 2 || a.body["totalResults"] != 4.0 || a.body["itemsPerPage"] != 2.0 {
			t.Fatalf("page %d has %d groups of %v", pages, n, a.body["totalResults"])
		}
		got = append(got, found(a)...)
	}
	if all := found(w.must(200, "GET", "/Groups?excludedAttributes=members", nil)); !slices.Equal(got, all) {
		t.Errorf("pages have %v, the list has %v", got, all)
	}
}

func TestListsWithProjection(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	w.newGroup("Eng", id)
	list := w.must(200, "GET", "/Groups?excludedAttributes=members&filter="+url.QueryEscape(`displayName eq "Eng"`), nil)
	if group := list.body.List("Resources")[0].(scim.Object); group["members"] != nil || group["displayName"] != "Eng" {
		t.Errorf("group %v", group)
	}
	list = w.must(200, "GET", "/Users?attributes=userName", nil)
	if user := list.body.List("Resources")[0].(scim.Object); user["emails"] != nil || user["userName"] != "ann@x.test" || user["id"] != id {
		t.Errorf("user %v", user)
	}
}

func TestDiscovery(t *testing.T) {
	w := newWorld(t)
	config := w.must(200, "GET", "/ServiceProviderConfig", nil)
	if diff := cmp.Diff(config.body, w.must(200, "GET", "/ServiceProviderConfigs/", nil).body); diff != "" {
		t.Errorf("the alias differs:\n%s", diff)
	}
	for name, want := range map[string]bool{"patch": true, "bulk": true, "filter": true, "sort": true, "etag": true, "changePassword": false} {
		if got := config.body.Object(name)["supported"]; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	types := w.must(200, "GET", "/ResourceTypes", nil)
	if types.body["totalResults"] != 2.0 || w.must(200, "GET", "/ResourceTypes/user", nil).body.String("endpoint") != "/Users" {
		t.Errorf("resource types %s", types.Body)
	}
	for _, path := range []string{"/Schemas/" + scim.UserSchema, "/Schemas/" + strings.ToUpper(scim.UserSchema), "/Schemas/" + url.QueryEscape(scim.UserSchema)} {
		if got := w.must(200, "GET", path, nil).body.String("id"); got != scim.UserSchema {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, r := range w.must(200, "GET", "/Schemas", nil).body.List("Resources") {
		w.must(200, "GET", "/Schemas/"+r.(scim.Object).String("id"), nil)
	}
	w.must(404, "GET", "/Schemas/urn:nothing", nil)
	w.must(404, "GET", "/ResourceTypes/Robot", nil)
	w.must(403, "GET", "/Schemas"+filterQuery(`id eq "x"`), nil)
	w.must(403, "GET", "/ResourceTypes"+filterQuery(`id eq "x"`), nil)
	w.must(405, "POST", "/ServiceProviderConfig", object{})
}
