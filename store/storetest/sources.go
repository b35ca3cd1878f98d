package storetest

import (
	"iter"

	"scim2slack/scim"
	"scim2slack/store"
)

// Names that would meet if a store glued them to what follows.
var sourceNames = []string{"a", "a/User", "ab", "a\x01", "b", "A"}

var sourceTests = []test{
	{"NeverMix", func(f *fixture) {
		// Everything of each source is the same, but its name and what tells whose it is.
		for _, source := range sourceNames {
			f.update(func(tx store.Tx) error { return writeSource(tx, source) })
		}
		for _, source := range sourceNames {
			checkSource(f, source)
		}
		f.update(func(tx store.Tx) error {
			for _, k := range []store.Key{{Source: "a", Type: store.User, ID: id(1)}, {Source: "a", Type: store.Group, ID: id(2)}} {
				if err := tx.ForgetResource(k); err != nil {
					return err
				}
			}
			return nil
		})
		for _, source := range sourceNames[1:] {
			checkSource(f, source)
		}
		got := read(f, func(tx store.Tx) (int, error) { return tx.CountResources("a", store.User) })
		equal(f, "count of the one that was forgotten", got, 0)
	}},
}

func sourceResources(source string) (u, g store.Resource) {
	u, g = user(1, "anna"), group(2, "crew")
	u.Key.Source, g.Key.Source = source, source
	u.Document["externalId"], g.Document["externalId"] = "E-1", "E-1"
	u.Document["emails"] = []any{scim.Object{"value": "anna@example.com"}}
	u.Document["title"], g.Document["title"] = source, source
	return u, g
}

func writeSource(tx store.Tx, source string) error {
	u, g := sourceResources(source)
	for _, r := range []store.Resource{u, g} {
		if err := tx.PutResource(r); err != nil {
			return err
		}
		if err := tx.PutStatus(store.Status{Key: r.Key, Phase: store.Pending, Message: source}); err != nil {
			return err
		}
		if err := tx.PutIntent(store.Intent{Key: r.Key, UserName: source}); err != nil {
			return err
		}
		if err := tx.PutLink(store.Link{Key: r.Key, SlackID: "X" + source}); err != nil {
			return err
		}
		if err := tx.AppendAudit(store.Audit{Key: r.Key, Detail: source}); err != nil {
			return err
		}
	}
	if err := tx.PutFormer(store.Former{Source: source, SlackID: "F" + source, UserName: "anna", Ended: at(1)}); err != nil {
		return err
	}
	if err := tx.ChangeSlackMembers(g.Key, []string{"X" + source}, nil); err != nil {
		return err
	}
	_, err := tx.AddMembers(g.Key, store.Member{ID: id(1), Type: store.User, Display: source})
	return err
}

// checkSource checks that each way to a record of a source leads to that source's.
func checkSource(f *fixture, source string) {
	f.Helper()
	u, g := sourceResources(source)
	for _, r := range []store.Resource{u, g} {
		t, k := r.Key.Type, r.Key
		equal(f, "resource", resource(f, k), r)
		equal(f, "status", statusOf(f, k).Message, source)
		equal(f, "intent", read(f, func(tx store.Tx) (store.Intent, error) { return tx.Intent(k) }).UserName, source)
		equal(f, "link", linkOf(f, k).SlackID, "X"+source)
		equal(f, "link of", linkOfSlack(f, t, "X"+source).Key, k)
		equal(f, "audit", len(auditOf(f, k)), 1)
		equal(f, "audit", auditOf(f, k)[0].Detail, source)
		equal(f, "count", read(f, func(tx store.Tx) (int, error) { return tx.CountResources(source, t) }), 1)
		found := read(f, func(tx store.Tx) ([]store.Key, error) {
			return tx.FindResources(source, t, store.IndexExternalID, "E-1")
		})
		equal(f, "found", found, []store.Key{k})
		listed := list(f, func(tx store.Tx) iter.Seq2[store.Resource, error] { return tx.ResourcesAfter(source, t, "") })
		equal(f, "listed", listed, []store.Resource{r})
	}
	equal(f, "members", membersOf(f, g.Key), []store.Member{{ID: id(1), Type: store.User, Display: source}})
	equal(f, "groups", groupsOf(f, u.Key), []store.Key{g.Key})
	equal(f, "known members", knownMembers(f, g.Key), []string{"X" + source})
	formers := findFormer(f, source, store.IndexUserName, "anna")
	equal(f, "formers", len(formers), 1)
	equal(f, "former", formers[0].SlackID, "F"+source)
}
