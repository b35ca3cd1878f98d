package storetest

import (
	"errors"
	"iter"
	"strings"

	"scim2slack/scim"
	"scim2slack/store"
)

var resourceTests = []test{
	{"MissingIsNotFound", func(f *fixture) {
		f.put(user(1, "anna"))
		absent(f, func(tx store.Tx) (store.Resource, error) { return tx.Resource(userKey(2)) })
		absent(f, func(tx store.Tx) (store.Resource, error) { return tx.Resource(groupKey(1)) })
	}},
	{"ComesBackAsItWas", func(f *fixture) {
		want := user(1, "anna")
		want.Generation = 1 << 40
		want.Document = fullDocument()
		f.put(want)
		equal(f, "resource", resource(f, want.Key), want)
		r := tombstone(want)
		f.put(r)
		equal(f, "tombstone", resource(f, want.Key), r)
		equal(f, "a tombstone is live", read(f, func(tx store.Tx) (bool, error) { return tx.Live(want.Key) }), false)
	}},
	{"IsTheCallersToChange", func(f *fixture) {
		r := user(1, "anna")
		r.Document = fullDocument()
		f.put(r)
		r.Document["userName"] = "changed after the write"
		got := resource(f, r.Key)
		equal(f, "document", got.Document, fullDocument())
		got.Document["userName"] = "changed after the read"
		got.Document.Object("name")["givenName"] = "changed after the read"
		got.Document.List("emails")[0] = "changed after the read"
		equal(f, "document", resource(f, r.Key).Document, fullDocument())
	}},
	{"FindByEveryIndex", findByEveryIndex},
	{"FindFollowsChanges", findFollowsChanges},
	{"FindOldestFirst", func(f *fixture) {
		for _, n := range []int{7, 300, 2, 5, 1} {
			f.put(with(user(n, "u"+id(n)), "externalId", "same"))
		}
		equal(f, "found", find(f, store.User, store.IndexExternalID, "same"),
			[]store.Key{userKey(1), userKey(2), userKey(5), userKey(7), userKey(300)})
	}},
	{"FindLongAndOddValues", func(f *fixture) {
		long := strings.Repeat("x", 40_000)
		values := []string{"a", "a\x01", "a\x01b", "ab", long, long + "y", "naïve", "a b/c", "%", "a_"}
		for n, value := range values {
			f.put(with(user(n+1, "u"+id(n)), "externalId", value))
		}
		for n, value := range values {
			equal(f, "found", find(f, store.User, store.IndexExternalID, value), []store.Key{userKey(n + 1)})
		}
		for _, value := range []string{"", "x", "a\x01\x01", long[1:], "xx", "ac"} {
			equal(f, "found", find(f, store.User, store.IndexExternalID, value), nil)
		}
	}},
	{"ListsInTheOrderOfIDs", listsInOrder},
	{"TombstonesLeaveIndexesListsAndCounts", tombstonesLeave},
	{"CountsFollowEveryChange", countsFollow},
	{"ForgetRemovesEveryRecordButLinksAndAudit", forgetRemoves},
	{"ForgetNothing", func(f *fixture) {
		f.update(func(tx store.Tx) error { return tx.ForgetResource(userKey(1)) })
	}},
	{"Unacknowledged", func(f *fixture) {
		marked := func() bool {
			return read(f, func(tx store.Tx) (bool, error) { return tx.Unacknowledged(userKey(1)) })
		}
		f.put(user(1, "anna"))
		for _, mark := range []bool{false, true, true, false, false} {
			f.update(func(tx store.Tx) error { return tx.SetUnacknowledged(userKey(1), mark) })
			equal(f, "unacknowledged", marked(), mark)
		}
	}},
}

// fullDocument returns a document with every kind of value.
func fullDocument() scim.Object {
	return scim.Object{
		"userName": "Anna", "externalId": "", "nickName": nil, "active": false, "title": "a \"b\" \\ \n\t\x01 ü 🙂 </script>\u2028",
		"name":   scim.Object{"givenName": "Anna", "familyName": nil, "middleName": scim.Object{}},
		"emails": []any{scim.Object{"value": "anna@example.com", "primary": true}, scim.Object{"value": nil}, nil, "x", 2.5},
		"phones": []any{}, "photos": []any{[]any{}},
		"n0": 0.0, "n1": -1.5, "n2": 1e300, "n3": 123456789012345.0, "n4": 5e-324,
		scim.EnterpriseSchema: scim.Object{"manager": scim.Object{"value": "Boss"}, "costCenter": nil},
	}
}

func resource(f *fixture, k store.Key) store.Resource {
	f.Helper()
	return read(f, func(tx store.Tx) (store.Resource, error) { return tx.Resource(k) })
}

func find(f *fixture, t store.Type, index store.Index, value string) []store.Key {
	f.Helper()
	return read(f, func(tx store.Tx) ([]store.Key, error) { return tx.FindResources("okta", t, index, value) })
}

func count(f *fixture, t store.Type) int {
	f.Helper()
	return read(f, func(tx store.Tx) (int, error) { return tx.CountResources("okta", t) })
}

func after(f *fixture, t store.Type, id string) (keys []store.Key) {
	f.Helper()
	found := list(f, func(tx store.Tx) iter.Seq2[store.Resource, error] { return tx.ResourcesAfter("okta", t, id) })
	for _, r := range found {
		keys = append(keys, r.Key)
	}
	return keys
}

func findByEveryIndex(f *fixture) {
	anna := user(1, "Anna.Adams")
	anna.Document["externalId"] = "E-1"
	anna.Document["emails"] = []any{
		scim.Object{"value": "Anna@Example.com", "type": "work"}, scim.Object{"value": "anna@home.example"},
		scim.Object{"value": "ANNA@example.com"}, scim.Object{"value": ""}, scim.Object{},
	}
	anna.Document[scim.EnterpriseSchema] = scim.Object{"manager": scim.Object{"value": "Boss"}}
	crew := group(2, "The Crew")
	crew.Document["externalId"] = "E-1"
	f.put(anna, crew)

	for _, c := range []struct {
		typ   store.Type
		index store.Index
		value string
		want  []store.Key
	}{
		{store.User, store.IndexUserName, "anna.ADAMS", []store.Key{anna.Key}},
		{store.User, store.IndexUserName, "anna", nil},
		{store.User, store.IndexExternalID, "E-1", []store.Key{anna.Key}},
		{store.User, store.IndexExternalID, "e-1", nil},
		{store.User, store.IndexEmail, "anna@EXAMPLE.com", []store.Key{anna.Key}},
		{store.User, store.IndexEmail, "anna@home.example", []store.Key{anna.Key}},
		{store.User, store.IndexEmail, "", nil},
		{store.User, store.IndexManager, "BOSS", []store.Key{anna.Key}},
		{store.User, store.IndexDisplayName, "The Crew", nil},
		{store.Group, store.IndexDisplayName, "the crew", []store.Key{crew.Key}},
		{store.Group, store.IndexExternalID, "E-1", []store.Key{crew.Key}},
		{store.Group, store.IndexUserName, "anna.adams", nil},
		{store.User, "unheard of", "anna.adams", nil},
	} {
		equal(f, string(c.typ)+" "+string(c.index)+" "+c.value, find(f, c.typ, c.index, c.value), c.want)
	}
}

func findFollowsChanges(f *fixture) {
	r := with(user(1, "anna"), "externalId", "E-1")
	f.put(r)
	r = with(r, "userName", "Anna.Baker")
	r.Document["externalId"] = nil
	f.put(r)
	equal(f, "old name", find(f, store.User, store.IndexUserName, "anna"), nil)
	equal(f, "old externalId", find(f, store.User, store.IndexExternalID, "E-1"), nil)
	equal(f, "new name", find(f, store.User, store.IndexUserName, "anna.baker"), []store.Key{r.Key})

	// Only the letter case changes: the folded value is the same entry.
	r = with(r, "userName", "anna.BAKER")
	f.put(r)
	equal(f, "new case", find(f, store.User, store.IndexUserName, "Anna.Baker"), []store.Key{r.Key})
	f.put(user(2, "anna")) // the old name is free
}

func listsInOrder(f *fixture) {
	for _, n := range []int{3, 1, 700, 4, 2} {
		f.put(user(n, "u"+id(n)))
	}
	f.put(group(5, "crew"))
	all := []store.Key{userKey(1), userKey(2), userKey(3), userKey(4), userKey(700)}
	equal(f, "all", after(f, store.User, ""), all)
	equal(f, "after one", after(f, store.User, id(2)), all[2:])
	equal(f, "after one that is not there", after(f, store.User, id(5)), all[4:])
	equal(f, "after the last", after(f, store.User, id(700)), nil)
	equal(f, "groups", after(f, store.Group, ""), []store.Key{groupKey(5)})

	first := read(f, func(tx store.Tx) (k store.Key, err error) {
		for r, err := range tx.ResourcesAfter("okta", store.User, "") {
			return r.Key, err
		}
		return k, nil
	})
	equal(f, "a caller who stops early", first, userKey(1))

	// What was yielded may be removed on the way.
	f.update(func(tx store.Tx) error {
		for r, err := range tx.ResourcesAfter("okta", store.User, "") {
			if err != nil {
				return err
			}
			if err := tx.ForgetResource(r.Key); err != nil {
				return err
			}
		}
		return nil
	})
	equal(f, "all are removed", after(f, store.User, ""), nil)
}

func tombstonesLeave(f *fixture) {
	r := with(user(1, "anna"), "externalId", "E-1")
	f.put(r, user(2, "ben"))
	f.put(tombstone(r))
	equal(f, "by userName", find(f, store.User, store.IndexUserName, "anna"), nil)
	equal(f, "by externalId", find(f, store.User, store.IndexExternalID, "E-1"), nil)
	equal(f, "list", after(f, store.User, ""), []store.Key{userKey(2)})
	equal(f, "count", count(f, store.User), 1)
	f.put(user(3, "Anna")) // the name is free
	back := r
	back.Generation = 9
	err := f.refused(func(tx store.Tx) error { return tx.PutResource(back) })
	if conflict := (*store.ConflictError)(nil); !errors.As(err, &conflict) || conflict.Holder != userKey(3) {
		f.Fatalf("a tombstone that comes back: got error %v, want a conflict with %s", err, userKey(3))
	}
	equal(f, "still a tombstone", resource(f, r.Key).Deleted, true)
}

func countsFollow(f *fixture) {
	r := user(1, "anna")
	for i, step := range []struct {
		do   func(tx store.Tx) error
		want int
	}{
		{func(tx store.Tx) error { return tx.PutResource(r) }, 1},
		{func(tx store.Tx) error { return tx.PutResource(with(r, "title", "x")) }, 1},
		{func(tx store.Tx) error { return tx.PutResource(user(2, "ben")) }, 2},
		{func(tx store.Tx) error { return tx.PutResource(tombstone(r)) }, 1},
		{func(tx store.Tx) error { return tx.PutResource(tombstone(r)) }, 1},
		{func(tx store.Tx) error { return tx.PutResource(r) }, 2},
		{func(tx store.Tx) error { return tx.PutResource(tombstone(user(3, "cleo"))) }, 2},
		{func(tx store.Tx) error { return tx.ForgetResource(userKey(3)) }, 2},
		{func(tx store.Tx) error { return tx.ForgetResource(userKey(1)) }, 1},
		{func(tx store.Tx) error { return tx.ForgetResource(userKey(1)) }, 1},
		{func(tx store.Tx) error { return tx.ForgetResource(userKey(2)) }, 0},
	} {
		f.update(step.do)
		if got := count(f, store.User); got != step.want {
			f.Fatalf("step %d: count %d, want %d", i, got, step.want)
		}
	}
	equal(f, "groups", count(f, store.Group), 0)
}

func forgetRemoves(f *fixture) {
	g, u := group(1, "crew"), user(2, "anna")
	f.put(g, u, group(3, "outer"))
	f.update(func(tx store.Tx) error {
		_, err := tx.AddMembers(g.Key, store.Member{ID: id(2), Type: store.User})
		_, err2 := tx.AddMembers(groupKey(3), store.Member{ID: id(1), Type: store.Group}, store.Member{ID: id(2), Type: store.User})
		return errors.Join(err, err2,
			tx.PutStatus(store.Status{Key: g.Key, Phase: store.Pending}),
			tx.PutIntent(store.Intent{Key: g.Key, Op: "createGroup"}),
			tx.PutLink(store.Link{Key: g.Key, SlackID: "S1", Origin: store.Created}),
			tx.ChangeSlackMembers(g.Key, []string{"W1", "W2"}, nil),
			tx.SetUnacknowledged(g.Key, true),
			tx.AppendAudit(store.Audit{Key: g.Key, Event: "resource.created"}))
	})
	f.update(func(tx store.Tx) error { return tx.ForgetResource(g.Key) })

	absent(f, func(tx store.Tx) (store.Resource, error) { return tx.Resource(g.Key) })
	absent(f, func(tx store.Tx) (store.Intent, error) { return tx.Intent(g.Key) })
	equal(f, "index", find(f, store.Group, store.IndexDisplayName, "crew"), nil)
	equal(f, "members", memberIDs(f, g.Key), nil)
	equal(f, "groups of its member", groupsOf(f, u.Key), []store.Key{groupKey(3)})
	equal(f, "groups it was in", groupsOf(f, g.Key), nil)
	equal(f, "members of the group it was in", memberIDs(f, groupKey(3)), []string{id(2)})
	equal(f, "status", statusOf(f, g.Key), store.Status{Key: g.Key})
	equal(f, "pending", pendingKeys(f), []store.Key{u.Key, groupKey(3)})
	equal(f, "Slack members", knownMembers(f, g.Key), nil)
	equal(f, "unacknowledged", read(f, func(tx store.Tx) (bool, error) { return tx.Unacknowledged(g.Key) }), false)
	equal(f, "link", linkOf(f, g.Key).SlackID, "S1")
	equal(f, "audit", len(auditOf(f, g.Key)), 1)
	f.put(group(4, "Crew")) // the name is free
}
