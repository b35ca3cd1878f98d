package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/scim"
	"scim2slack/store"
)

// CompareWithModel runs random transactions, some of which fail in the end, on a store and on the model, and compares the
// answers of each call and after each transaction all that can be read. After each, between may do to the store what must not
// show; it returns the store to go on with, which CompareWithModel closes.
func CompareWithModel(t *testing.T, open func(t *testing.T) store.Store, between func(rt *rapid.T, s store.Store) store.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t)
		defer func() { _ = s.Close() }()
		m := newModel()
		for range rapid.IntRange(1, 25).Draw(rt, "transactions") {
			calls := rapid.SliceOfN(rapid.Custom(drawCall), 1, 6).Draw(rt, "calls")
			fails := rapid.IntRange(0, 4).Draw(rt, "fails") == 0

			next := m.clone()
			want := answers(next, calls)
			var got []string
			err := s.Update(context.Background(), func(tx store.Tx) error {
				got = answers(tx, calls)
				if fails {
					return errOurs
				}
				return nil
			})
			if !fails {
				m = next
			}
			if (err != nil) != fails || err != nil && !errors.Is(err, errOurs) {
				rt.Fatalf("update: got error %v", err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("answers (-model +store):\n%s", diff)
			}
			s = between(rt, s)
			err = s.View(context.Background(), func(tx store.Tx) error {
				got = observe(tx)
				return nil
			})
			if err != nil {
				rt.Fatalf("view: %v", err)
			}
			if diff := cmp.Diff(observe(m), got); diff != "" {
				rt.Fatalf("state (-model +store):\n%s", diff)
			}
		}
	})
}

// call is one call of a method of store.Tx, with its answer in words.
type call struct {
	Name string // with the arguments
	do   func(tx store.Tx) string
}

func (c call) String() string { return c.Name }

func answers(tx store.Tx, calls []call) (out []string) {
	for _, c := range calls {
		out = append(out, c.Name+": "+c.do(tx))
	}
	return out
}

// problem returns an error in the words of the contract.
func problem(tx store.Tx, err error) string {
	var conflict *store.ConflictError
	var linked *store.LinkedError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &conflict):
		return fmt.Sprintf("conflict %s %s %s", conflict.Index, conflict.Index.Fold(conflict.Value), conflict.Holder)
	case errors.As(err, &linked):
		l, err := tx.LinkOf(linked.Holder.Type, linked.SlackID)
		return fmt.Sprintf("linked, as it says: %t", err == nil && l.Key == linked.Holder)
	case errors.Is(err, store.ErrNotFound):
		return "not found"
	}
	return "unexpected: " + err.Error()
}

// The small world of the comparison, in which things meet often.
var (
	worldSources = []string{"entra", "okta"}
	worldUsers   = []int{1, 2, 3}
	worldGroups  = []int{4, 5}
	worldNames   = []string{"anna", "Anna", "ben", ""}
	worldSlack   = []string{"W1", "W2", "W3"}
	worldIndexes = []store.Index{store.IndexUserName, store.IndexExternalID, store.IndexEmail, store.IndexDisplayName, store.IndexManager}
)

func worldKeys() (keys []store.Key) {
	for _, source := range worldSources {
		for _, n := range worldUsers {
			keys = append(keys, store.Key{Source: source, Type: store.User, ID: id(n)})
		}
		for _, n := range worldGroups {
			keys = append(keys, store.Key{Source: source, Type: store.Group, ID: id(n)})
		}
	}
	return keys
}

func drawResource(t *rapid.T, k store.Key) store.Resource {
	name := rapid.SampledFrom(worldNames)
	document := scim.Object{
		"userName": name.Draw(t, "userName"), "displayName": name.Draw(t, "displayName"), "externalId": name.Draw(t, "externalId"),
		"emails":              []any{scim.Object{"value": name.Draw(t, "email")}, scim.Object{"value": name.Draw(t, "email")}},
		scim.EnterpriseSchema: scim.Object{"manager": scim.Object{"value": name.Draw(t, "manager")}},
	}
	if rapid.Bool().Draw(t, "null") {
		document["externalId"] = nil
	}
	return store.Resource{
		Key: k, Generation: uint64(rapid.IntRange(1, 4).Draw(t, "generation")), Created: at(1), Modified: at(rapid.IntRange(0, 9).Draw(t, "modified")),
		Deleted: rapid.IntRange(0, 3).Draw(t, "deleted") == 0, Document: document,
	}
}

// all returns what a sequence yields, in words.
func all[T any](seq iter.Seq2[T, error]) string {
	found, err := collect(seq)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%+v", found)
}

// unordered returns what a sequence yields in words, whatever the order.
func unordered[T any](seq iter.Seq2[T, error]) string {
	var words []string
	for v, err := range seq {
		words = append(words, fmt.Sprintf("%+v %v", v, err))
	}
	slices.Sort(words)
	return fmt.Sprint(words)
}

// storedText tells everything of a stored resource while its transaction lasts.
func storedText(s store.Stored) string { return fmt.Sprintf("%+v %s", s.Resource, s.JSON) }

// observe returns all that can be read, in words.
func observe(tx store.Tx) (lines []string) {
	add := func(what string, v any, err error) {
		lines = append(lines, fmt.Sprintf("%s: %+v %s", what, v, problem(tx, err)))
	}
	for _, k := range worldKeys() {
		r, err := tx.Resource(k)
		add("resource", r, err)
		stored, err := tx.Stored(k)
		add("stored", storedText(stored), err)
		live, err := tx.Live(k)
		add("live", live, err)
		marked, err := tx.Unacknowledged(k)
		add("unacknowledged", marked, err)
		l, err := tx.Link(k)
		add("link", l, err)
		s, err := tx.Status(k)
		add("status", s, err)
		i, err := tx.Intent(k)
		add("intent", i, err)
		lines = append(lines, k.String(), all(tx.Members(k)), all(tx.GroupsOf(k)), all(tx.SlackMembers(k)), all(tx.AuditOf(k)))
	}
	for _, source := range worldSources {
		lines = append(lines, all(tx.MembershipsFrom(source, "")), all(tx.MembershipsFrom(source, id(2))))
		for _, t := range []store.Type{store.User, store.Group} {
			n, err := tx.CountResources(source, t)
			add("count", n, err)
			lines = append(lines, all(tx.ResourcesAfter(source, t, "")), all(tx.ResourcesAfter(source, t, id(2))))
			for s, err := range tx.StoredAfter(source, t, id(1)) {
				add("stored", storedText(s), err)
			}
			for _, index := range worldIndexes {
				for _, name := range worldNames {
					keys, err := tx.FindResources(source, t, index, name)
					add("find "+string(index)+" "+name, keys, err)
				}
			}
		}
		for _, index := range worldIndexes {
			for _, name := range worldNames {
				formers, err := tx.FindFormer(source, index, name)
				add("former "+string(index)+" "+name, formers, err)
			}
		}
	}
	for _, slackID := range worldSlack {
		l, err := tx.LinkOf(store.User, slackID)
		add("link of", l, err)
	}
	value, err := tx.Setting("brake")
	add("setting", value, err)
	head, err := tx.AuditHead()
	add("head", head, err)
	checkpoint, err := tx.Checkpoint()
	add("checkpoint", checkpoint, err)
	for r, err := range tx.SealedAfter(1) {
		add("sealed", fmt.Sprint(r.Seq, r.KeyID, r.MAC, string(r.Record)), err)
	}
	return append(lines, "links", unordered(tx.AllLinks()), "statuses", unordered(tx.Statuses()),
		"pending", unordered(tx.PendingKeys()), "audit", all(tx.AuditAfter(0)), all(tx.AuditAfter(2)))
}
