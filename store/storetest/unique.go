package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"

	"scim2slack/store"
)

var uniqueTests = []test{
	{"UserNameWhateverTheCase", func(f *fixture) {
		f.put(user(1, "Anna"))
		for _, name := range []string{"Anna", "anna", "ANNA"} {
			f.conflict(user(2, name), store.IndexUserName, userKey(1))
		}
		f.conflict(user(2, "anna"), store.IndexUserName, userKey(1))
		f.put(user(2, "Ånna"), user(1, "ANNA")) // another name; one's own
	}},
	{"DisplayNameOfGroups", func(f *fixture) {
		f.put(group(1, "Crew"), user(3, "crew"))
		f.conflict(group(2, "CREW"), store.IndexDisplayName, groupKey(1))
		f.put(with(user(4, "dora"), "displayName", "Crew"), with(user(5, "emil"), "displayName", "Crew"))
	}},
	{"ConflictOnUpdateChangesNothing", func(f *fixture) {
		anna, ben := user(1, "anna"), with(user(2, "ben"), "externalId", "E-2")
		f.put(anna, ben)
		taken := with(ben, "userName", "Anna")
		taken.Document["externalId"] = "E-3"
		f.conflict(taken, store.IndexUserName, anna.Key)
		equal(f, "resource", resource(f, ben.Key), ben)
		equal(f, "old value", find(f, store.User, store.IndexExternalID, "E-2"), []store.Key{ben.Key})
		equal(f, "new value", find(f, store.User, store.IndexExternalID, "E-3"), nil)
		equal(f, "count", count(f, store.User), 2)
	}},
	{"ConflictMayBeHandledInside", func(f *fixture) {
		f.put(user(1, "anna"))
		f.update(func(tx store.Tx) error {
			if err := tx.PutResource(user(2, "anna")); err == nil {
				return errors.New("want a conflict")
			}
			return tx.PutResource(user(2, "anna2"))
		})
		equal(f, "all", after(f, store.User, ""), []store.Key{userKey(1), userKey(2)})
		equal(f, "first", find(f, store.User, store.IndexUserName, "anna"), []store.Key{userKey(1)})
	}},
	{"WithinOneTransaction", func(f *fixture) {
		err := f.refused(func(tx store.Tx) error {
			if err := tx.PutResource(user(1, "anna")); err != nil {
				return err
			}
			return tx.PutResource(user(2, "anna"))
		})
		if conflict := (*store.ConflictError)(nil); !errors.As(err, &conflict) {
			f.Fatalf("got error %v, want a conflict", err)
		}
		equal(f, "count", count(f, store.User), 0)
		f.update(func(tx store.Tx) error { // a name changes hands
			return errors.Join(tx.PutResource(user(1, "anna")), tx.PutResource(user(1, "other")), tx.PutResource(user(2, "anna")))
		})
	}},
	{"EmptyNamesAreNoConflict", func(f *fixture) {
		f.put(user(1, ""), user(2, ""), group(3, ""), group(4, ""))
	}},
	{"OneOfManyConcurrentCreatesWins", oneOfManyWins},
}

// conflict checks that a resource is refused.
func (f *fixture) conflict(r store.Resource, index store.Index, holder store.Key) {
	f.Helper()
	err := f.refused(func(tx store.Tx) error { return tx.PutResource(r) })
	var conflict *store.ConflictError
	if !errors.As(err, &conflict) {
		f.Fatalf("got error %v, want a conflict", err)
	}
	if conflict.Index != index || conflict.Holder != holder || conflict.Value == "" {
		f.Fatalf("got conflict %+v, want %s held by %s", conflict, index, holder)
	}
	if value := r.Document.String(string(index)); !strings.EqualFold(conflict.Value, value) {
		f.Fatalf("got conflict about %q, want %q", conflict.Value, value)
	}
}

func oneOfManyWins(f *fixture) {
	const callers = 32
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			name := []string{"anna", "Anna", "ANNA"}[n%3]
			errs[n] = f.store.Update(context.Background(), func(tx store.Tx) error { return tx.PutResource(user(n, name)) })
		})
	}
	wg.Wait()
	winner := -1
	for n, err := range errs {
		var conflict *store.ConflictError
		switch {
		case err == nil && winner >= 0:
			f.Fatalf("both %d and %d won", winner, n)
		case err == nil:
			winner = n
		case !errors.As(err, &conflict):
			f.Fatalf("caller %d: got error %v, want a conflict", n, err)
		}
	}
	if winner < 0 {
		f.Fatal("nobody won")
	}
	for n, err := range errs {
		if conflict := (*store.ConflictError)(nil); errors.As(err, &conflict) && conflict.Holder != userKey(winner) {
			f.Fatalf("caller %d: the holder is %s, want %s", n, conflict.Holder, userKey(winner))
		}
	}
	equal(f, "found", find(f, store.User, store.IndexUserName, "anna"), []store.Key{userKey(winner)})
	equal(f, "count", count(f, store.User), 1)
}
