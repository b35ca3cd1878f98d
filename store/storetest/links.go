package storetest

import (
	"errors"
	"iter"

	"scim2slack/scim"
	"scim2slack/store"
)

var linkTests = []test{
	{"ComesBackAsItWas", func(f *fixture) {
		want := store.Link{
			Key: userKey(1), SlackID: "W1", Origin: store.Matched, MatchedBy: "userName", Linked: at(1), Active: true,
			Applied: scim.SlackUserProfile{scim.SlackUserName: "anna", scim.SlackTitle: ""}, Altered: scim.SlackUserProfile{scim.SlackUserName: "anna2"}, WithheldEmail: "anna@example.com",
		}
		putLink(f, want)
		equal(f, "by key", linkOf(f, userKey(1)), want)
		equal(f, "by Slack id", linkOfSlack(f, store.User, "W1"), want)
		absent(f, func(tx store.Tx) (store.Link, error) { return tx.Link(userKey(2)) })
		absent(f, func(tx store.Tx) (store.Link, error) { return tx.Link(groupKey(1)) })
		absent(f, func(tx store.Tx) (store.Link, error) { return tx.LinkOf(store.Group, "W1") })
		absent(f, func(tx store.Tx) (store.Link, error) { return tx.LinkOf(store.User, "w1") })

		got := linkOf(f, userKey(1))
		got.Applied[scim.SlackTitle] = "changed after the read"
		equal(f, "again", linkOf(f, userKey(1)), want)
		want.Active, want.Applied, want.Altered, want.WithheldEmail = false, nil, nil, ""
		putLink(f, want)
		equal(f, "written again", linkOf(f, userKey(1)), want)
		crew := store.Link{Key: groupKey(3), SlackID: "S1", Origin: store.Created, Linked: at(2), Name: "crew"}
		putLink(f, crew)
		equal(f, "of a group", linkOf(f, groupKey(3)), crew)
	}},
	{"NeverMoves", linksNeverMove},
	{"DeleteEndsIt", func(f *fixture) {
		putLink(f, store.Link{Key: groupKey(1), SlackID: "S1"})
		putLink(f, store.Link{Key: groupKey(2), SlackID: "S2"})
		changeKnown(f, groupKey(1), []string{"W1"}, nil)
		changeKnown(f, groupKey(2), []string{"W1"}, nil)
		for range 2 { // the second time there is none
			f.update(func(tx store.Tx) error { return tx.DeleteLink(groupKey(1)) })
			absent(f, func(tx store.Tx) (store.Link, error) { return tx.Link(groupKey(1)) })
			absent(f, func(tx store.Tx) (store.Link, error) { return tx.LinkOf(store.Group, "S1") })
			equal(f, "known members", knownMembers(f, groupKey(1)), nil)
			equal(f, "others' known members", knownMembers(f, groupKey(2)), []string{"W1"})
		}
		putLink(f, store.Link{Key: groupKey(1), SlackID: "S3"}) // the resource is free
		absent(f, func(tx store.Tx) (store.Link, error) { return tx.LinkOf(store.Group, "S1") })
		putLink(f, store.Link{Key: groupKey(3), SlackID: "S1"}) // and so is the Slack group
	}},
	{"All", func(f *fixture) {
		want := []store.Link{
			{Key: groupKey(1), SlackID: "S1"}, {Key: userKey(2), SlackID: "W2"}, {Key: userKey(3), SlackID: "W3"},
			{Key: store.Key{Source: "entra", Type: store.User, ID: id(3)}, SlackID: "W4"},
		}
		for _, l := range want {
			putLink(f, l)
		}
		f.update(func(tx store.Tx) error { return tx.DeleteLink(userKey(2)) })
		got := list(f, func(tx store.Tx) iter.Seq2[store.Link, error] { return tx.AllLinks() })
		equal(f, "links by Slack id", bySlackID(got), bySlackID([]store.Link{want[0], want[2], want[3]}))
		equal(f, "links", len(got), 3)
	}},
	{"KnownMembers", func(f *fixture) {
		g := groupKey(1)
		changeKnown(f, g, []string{"W3", "W1", "W2", "W10"}, nil)
		equal(f, "known", knownMembers(f, g), []string{"W1", "W10", "W2", "W3"})
		changeKnown(f, g, []string{"W4", "W1"}, []string{"W2", "W9"})
		equal(f, "known", knownMembers(f, g), []string{"W1", "W10", "W3", "W4"})
		changeKnown(f, g, nil, nil)
		equal(f, "of another", knownMembers(f, groupKey(2)), nil)
		changeKnown(f, g, nil, knownMembers(f, g))
		equal(f, "known", knownMembers(f, g), nil)
	}},
}

func putLink(f *fixture, l store.Link) {
	f.Helper()
	f.update(func(tx store.Tx) error { return tx.PutLink(l) })
}

func linkOf(f *fixture, k store.Key) store.Link {
	f.Helper()
	return read(f, func(tx store.Tx) (store.Link, error) { return tx.Link(k) })
}

func linkOfSlack(f *fixture, t store.Type, slackID string) store.Link {
	f.Helper()
	return read(f, func(tx store.Tx) (store.Link, error) { return tx.LinkOf(t, slackID) })
}

func bySlackID(links []store.Link) map[string]store.Link {
	out := map[string]store.Link{}
	for _, l := range links {
		out[l.SlackID] = l
	}
	return out
}

func knownMembers(f *fixture, group store.Key) []string {
	f.Helper()
	return list(f, func(tx store.Tx) iter.Seq2[string, error] { return tx.SlackMembers(group) })
}

func changeKnown(f *fixture, group store.Key, add, remove []string) {
	f.Helper()
	f.update(func(tx store.Tx) error { return tx.ChangeSlackMembers(group, add, remove) })
}

func linksNeverMove(f *fixture) {
	entra := store.Key{Source: "entra", Type: store.User, ID: id(9)}
	putLink(f, store.Link{Key: userKey(1), SlackID: "W1"})
	for _, c := range []struct {
		link store.Link
		want store.LinkedError
	}{
		{store.Link{Key: userKey(2), SlackID: "W1"}, store.LinkedError{SlackID: "W1", Holder: userKey(1)}},
		{store.Link{Key: entra, SlackID: "W1"}, store.LinkedError{SlackID: "W1", Holder: userKey(1)}},
		{store.Link{Key: userKey(1), SlackID: "W2"}, store.LinkedError{SlackID: "W1", Holder: userKey(1)}},
	} {
		err := f.refused(func(tx store.Tx) error { return tx.PutLink(c.link) })
		var linked *store.LinkedError
		if !errors.As(err, &linked) {
			f.Fatalf("link %s to %s: got error %v, want a LinkedError", c.link.Key, c.link.SlackID, err)
		}
		equal(f, "error", *linked, c.want)
	}
	absent(f, func(tx store.Tx) (store.Link, error) { return tx.Link(userKey(2)) })
	absent(f, func(tx store.Tx) (store.Link, error) { return tx.LinkOf(store.User, "W2") })
	equal(f, "link", linkOf(f, userKey(1)).SlackID, "W1")
	putLink(f, store.Link{Key: groupKey(3), SlackID: "W1"}) // Slack's users and groups are apart
}

var formerTests = []test{
	{"FoundByIdentity", func(f *fixture) {
		former := store.Former{Source: "okta", SlackID: "W1", ID: id(1), UserName: "Anna", ExternalID: "E-1", Email: "Anna@example.com", Ended: at(1)}
		putFormer(f, former)
		for _, c := range []struct {
			source string
			index  store.Index
			value  string
			found  bool
		}{
			{"okta", store.IndexUserName, "ANNA", true},
			{"okta", store.IndexEmail, "anna@EXAMPLE.com", true},
			{"okta", store.IndexExternalID, "E-1", true},
			{"okta", store.IndexExternalID, "e-1", false},
			{"okta", store.IndexUserName, "Anna@example.com", false},
			{"okta", store.IndexUserName, "", false},
			{"okta", store.IndexManager, "anna", false},
			{"entra", store.IndexUserName, "anna", false},
		} {
			var want []store.Former
			if c.found {
				want = []store.Former{former}
			}
			equal(f, string(c.index)+" "+c.value, findFormer(f, c.source, c.index, c.value), want)
		}
	}},
	{"NewestFirst", func(f *fixture) {
		for i, n := range []int{2, 9, 4} {
			putFormer(f, store.Former{Source: "okta", SlackID: "W" + id(i), UserName: "anna", Ended: at(n)})
		}
		var ended []int
		for _, former := range findFormer(f, "okta", store.IndexUserName, "anna") {
			ended = append(ended, int(former.Ended.Sub(at(0)).Seconds()))
		}
		equal(f, "ended", ended, []int{9, 4, 2})
	}},
	{"OneForEachSlackID", func(f *fixture) {
		putFormer(f, store.Former{Source: "okta", SlackID: "W1", UserName: "anna", Email: "a@example.com", Ended: at(1)})
		newer := store.Former{Source: "entra", SlackID: "W1", UserName: "anna.b", Email: "a@example.com", Ended: at(2)}
		putFormer(f, newer)
		equal(f, "by the old name", findFormer(f, "okta", store.IndexUserName, "anna"), nil)
		equal(f, "by the old source", findFormer(f, "okta", store.IndexEmail, "a@example.com"), nil)
		equal(f, "by the new name", findFormer(f, "entra", store.IndexUserName, "anna.b"), []store.Former{newer})
	}},
	{"Delete", func(f *fixture) {
		putFormer(f, store.Former{Source: "okta", SlackID: "W1", UserName: "anna", Ended: at(1)})
		putFormer(f, store.Former{Source: "okta", SlackID: "W2", UserName: "anna", Ended: at(2)})
		for range 2 {
			f.update(func(tx store.Tx) error { return tx.DeleteFormer("W2") })
			equal(f, "found", len(findFormer(f, "okta", store.IndexUserName, "anna")), 1)
		}
	}},
}

func putFormer(f *fixture, former store.Former) {
	f.Helper()
	f.update(func(tx store.Tx) error { return tx.PutFormer(former) })
}

func findFormer(f *fixture, source string, index store.Index, value string) []store.Former {
	f.Helper()
	return read(f, func(tx store.Tx) ([]store.Former, error) { return tx.FindFormer(source, index, value) })
}
