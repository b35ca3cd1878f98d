package storetest

import (
	"iter"

	"scim2slack/store"
)

var membershipTests = []test{
	{"AddAndRemove", addAndRemove},
	{"DisplayAndTypeAreReplaced", func(f *fixture) {
		g := groupKey(1)
		equal(f, "added", addMembers(f, g, member(2, "Anna")), 1)
		changed := store.Member{ID: id(2), Type: store.Group, Display: "Anna's crew"}
		equal(f, "added", addMembers(f, g, changed), 0)
		equal(f, "members", membersOf(f, g), []store.Member{changed})
		equal(f, "added", addMembers(f, g, member(2, "")), 0)
		equal(f, "members", membersOf(f, g), []store.Member{member(2, "")})
	}},
	{"NamedTwiceInOneCall", func(f *fixture) {
		g := groupKey(1)
		equal(f, "added", addMembers(f, g, member(2, "a"), member(2, "b")), 1)
		equal(f, "members", membersOf(f, g), []store.Member{member(2, "b")})
		equal(f, "removed", removeMembers(f, g, id(2), id(2)), 1)
		equal(f, "members", membersOf(f, g), nil)
	}},
	{"GroupsInGroups", func(f *fixture) {
		addMembers(f, groupKey(1), store.Member{ID: id(2), Type: store.Group}, store.Member{ID: id(1), Type: store.Group})
		equal(f, "groups", groupsOf(f, groupKey(2)), []store.Key{groupKey(1)})
		equal(f, "a group in itself", groupsOf(f, groupKey(1)), []store.Key{groupKey(1)})
		f.update(func(tx store.Tx) error { return tx.ForgetResource(groupKey(1)) })
		equal(f, "groups", groupsOf(f, groupKey(2)), nil)
		equal(f, "members", membersOf(f, groupKey(1)), nil)
	}},
	{"ATombstoneKeepsItsMembers", func(f *fixture) {
		f.put(group(1, "crew"))
		addMembers(f, groupKey(1), member(2, ""))
		f.put(tombstone(group(1, "crew")))
		equal(f, "members", memberIDs(f, groupKey(1)), []string{id(2)})
	}},
	{"ALargeGroup", aLargeGroup},
}

func member(n int, display string) store.Member {
	return store.Member{ID: id(n), Type: store.User, Display: display}
}

func membersOf(f *fixture, group store.Key) []store.Member {
	f.Helper()
	return list(f, func(tx store.Tx) iter.Seq2[store.Member, error] { return tx.Members(group) })
}

func memberIDs(f *fixture, group store.Key) (ids []string) {
	f.Helper()
	for _, m := range membersOf(f, group) {
		ids = append(ids, m.ID)
	}
	return ids
}

func groupsOf(f *fixture, member store.Key) []store.Key {
	f.Helper()
	return list(f, func(tx store.Tx) iter.Seq2[store.Key, error] { return tx.GroupsOf(member) })
}

func isMember(f *fixture, group store.Key, id string) bool {
	f.Helper()
	return read(f, func(tx store.Tx) (bool, error) { return tx.IsMember(group, id) })
}

func addMembers(f *fixture, group store.Key, members ...store.Member) (added int) {
	f.Helper()
	f.update(func(tx store.Tx) (err error) {
		added, err = tx.AddMembers(group, members...)
		return err
	})
	return added
}

func removeMembers(f *fixture, group store.Key, ids ...string) (removed int) {
	f.Helper()
	f.update(func(tx store.Tx) (err error) {
		removed, err = tx.RemoveMembers(group, ids...)
		return err
	})
	return removed
}

func addAndRemove(f *fixture) {
	a, b := groupKey(1), groupKey(2)
	equal(f, "added none", addMembers(f, a), 0)
	equal(f, "added", addMembers(f, a, member(9, "Nina"), member(7, "Sven"), member(8, "")), 3)
	equal(f, "added again", addMembers(f, a, member(7, "Sven"), member(6, "")), 1)
	equal(f, "added elsewhere", addMembers(f, b, member(7, "Sven")), 1)
	equal(f, "members", membersOf(f, a), []store.Member{member(6, ""), member(7, "Sven"), member(8, ""), member(9, "Nina")})
	equal(f, "groups", groupsOf(f, userKey(7)), []store.Key{a, b})
	equal(f, "is a member", isMember(f, a, id(8)), true)
	equal(f, "is a member", isMember(f, b, id(8)), false)
	equal(f, "is a member", isMember(f, a, "no such id"), false)

	equal(f, "removed none", removeMembers(f, a), 0)
	equal(f, "removed", removeMembers(f, a, id(7), id(5), id(9)), 2)
	equal(f, "members", memberIDs(f, a), []string{id(6), id(8)})
	equal(f, "members elsewhere", memberIDs(f, b), []string{id(7)})
	equal(f, "groups", groupsOf(f, userKey(7)), []store.Key{b})
	equal(f, "is a member", isMember(f, a, id(7)), false)
}

func aLargeGroup(f *fixture) {
	const size = 3000
	members := make([]store.Member, size)
	want := make([]string, size)
	for n := range size {
		members[n] = member((n*7919)%size, "") // in no order
		want[n] = id(n)
	}
	equal(f, "added", addMembers(f, groupKey(size), members...), size)
	equal(f, "members", memberIDs(f, groupKey(size)), want)

	f.update(func(tx store.Tx) error { // removed one by one on the way
		n := 0
		for m, err := range tx.Members(groupKey(size)) {
			if err != nil {
				return err
			}
			if n++; n%2 == 1 {
				continue
			}
			if _, err := tx.RemoveMembers(groupKey(size), m.ID); err != nil {
				return err
			}
		}
		return nil
	})
	equal(f, "half of the members", len(memberIDs(f, groupKey(size))), size/2)
	equal(f, "groups of one who stayed", groupsOf(f, userKey(0)), []store.Key{groupKey(size)})
	equal(f, "groups of one who was removed", groupsOf(f, userKey(1)), nil)
	f.update(func(tx store.Tx) error { return tx.ForgetResource(groupKey(size)) })
	equal(f, "members", memberIDs(f, groupKey(size)), nil)
	equal(f, "groups", groupsOf(f, userKey(0)), nil)
}
