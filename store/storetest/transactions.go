package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"scim2slack/store"
)

var errOurs = errors.New("our own error")

var transactionTests = []test{
	{"AFailingUpdateKeepsNothing", func(f *fixture) {
		f.put(user(1, "anna"))
		err := f.refused(func(tx store.Tx) error {
			return errors.Join(tx.PutResource(with(user(1, "Anna"), "externalId", "E-1")), writeEverywhere(tx), errOurs)
		})
		if !errors.Is(err, errOurs) {
			f.Fatalf("got error %v, want the function's own", err)
		}
		equal(f, "resource", resource(f, userKey(1)), user(1, "anna"))
		equal(f, "by externalId", find(f, store.User, store.IndexExternalID, "E-1"), nil)
		nothingWritten(f)
	}},
	{"OthersSucceedWhenOneFails", othersSucceed},
	{"SeesItsOwnWrites", func(f *fixture) {
		f.update(func(tx store.Tx) error {
			if err := writeEverywhere(tx); err != nil {
				return err
			}
			_, err := tx.Resource(groupKey(50))
			_, err2 := tx.Link(groupKey(50))
			member, err3 := tx.IsMember(groupKey(50), id(51))
			n, err4 := tx.CountResources("okta", store.Group)
			if !member || n != 1 {
				return fmt.Errorf("member %t, groups %d; want true, 1", member, n)
			}
			return errors.Join(err, err2, err3, err4)
		})
	}},
	{"ViewIsASnapshot", viewIsASnapshot},
	{"ViewReturnsTheFunctionsError", func(f *fixture) {
		if err := f.store.View(context.Background(), func(store.Tx) error { return errOurs }); err != errOurs {
			f.Fatalf("got error %v, want the function's own", err)
		}
	}},
	{"ViewIsReadOnly", viewIsReadOnly},
	{"AnEndedContextRunsNothing", func(f *fixture) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		var ran atomic.Bool
		fn := func(store.Tx) error { ran.Store(true); return nil }
		for name, err := range map[string]error{"view": f.store.View(ctx, fn), "update": f.store.Update(ctx, fn)} {
			if !errors.Is(err, context.Canceled) {
				f.Fatalf("%s: got error %v, want %v", name, err, context.Canceled)
			}
		}
		equal(f, "ran", ran.Load(), false)
	}},
	{"AClosedStoreSaysSo", func(f *fixture) {
		f.put(user(1, "anna"))
		if err := f.store.Close(); err != nil {
			f.Fatalf("close: %v", err)
		}
		fn := func(store.Tx) error { return errors.New("ran in a closed store") }
		for name, err := range map[string]error{
			"view": f.store.View(context.Background(), fn), "update": f.store.Update(context.Background(), fn), "close": f.store.Close(),
		} {
			if !errors.Is(err, store.ErrClosed) {
				f.Fatalf("%s: got error %v, want %v", name, err, store.ErrClosed)
			}
		}
	}},
	{"CloseWaitsAndLosesNoCaller", closeWaits},
	{"APanicReachesItsCaller", panicReachesCaller},
	{"GoexitReachesItsCaller", func(f *fixture) {
		ended := make(chan bool, 1)
		go func() {
			returned := false
			defer func() { ended <- returned }()
			_ = f.store.Update(context.Background(), func(tx store.Tx) error {
				_ = writeEverywhere(tx)
				runtime.Goexit() // as t.FailNow does
				return nil
			})
			returned = true
		}()
		equal(f, "update returned", <-ended, false)
		nothingWritten(f)
		f.put(user(1, "anna"))
	}},
	{"Serialisable", serialisable},
}

// writeEverywhere calls every writing method.
func writeEverywhere(tx store.Tx) error {
	k := groupKey(50)
	_, err := tx.AddMembers(k, member(51, ""), member(52, ""))
	_, err2 := tx.RemoveMembers(k, id(52))
	return errors.Join(err, err2,
		tx.PutResource(group(50, "crew")),
		tx.SetUnacknowledged(k, true),
		tx.PutLink(store.Link{Key: k, SlackID: "S50"}),
		tx.PutFormer(store.Former{Source: "okta", SlackID: "W50", UserName: "anna", Ended: at(1)}),
		tx.ChangeSlackMembers(k, []string{"W1"}, nil),
		tx.PutStatus(store.Status{Key: k, Phase: store.Pending}),
		tx.PutIntent(store.Intent{Key: k}),
		tx.AppendAudit(store.Audit{Key: k}),
		tx.PutSetting("brake", []byte("on")))
}

// nothingWritten checks that nothing of writeEverywhere is there.
func nothingWritten(f *fixture) {
	f.Helper()
	k := groupKey(50)
	absent(f, func(tx store.Tx) (store.Resource, error) { return tx.Resource(k) })
	absent(f, func(tx store.Tx) (store.Link, error) { return tx.Link(k) })
	absent(f, func(tx store.Tx) (store.Link, error) { return tx.LinkOf(store.Group, "S50") })
	absent(f, func(tx store.Tx) (store.Intent, error) { return tx.Intent(k) })
	absent(f, func(tx store.Tx) ([]byte, error) { return tx.Setting("brake") })
	equal(f, "members", membersOf(f, k), nil)
	equal(f, "groups of the member", groupsOf(f, userKey(51)), nil)
	equal(f, "count", count(f, store.Group), 0)
	equal(f, "by displayName", find(f, store.Group, store.IndexDisplayName, "crew"), nil)
	equal(f, "formers", findFormer(f, "okta", store.IndexUserName, "anna"), nil)
	equal(f, "known members", knownMembers(f, k), nil)
	equal(f, "status", statusOf(f, k), store.Status{Key: k})
	equal(f, "audit", auditOf(f, k), nil)
	equal(f, "unacknowledged", read(f, func(tx store.Tx) (bool, error) { return tx.Unacknowledged(k) }), false)
	for _, p := range pendingKeys(f) {
		if p == k {
			f.Fatalf("%s is pending", k)
		}
	}
}

func othersSucceed(f *fixture) {
	const callers = 64
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			errs[n] = f.store.Update(context.Background(), func(tx store.Tx) error {
				if n%3 == 1 { // fails before it wrote
					return errOurs
				}
				if err := errors.Join(tx.PutResource(user(n, "u"+id(n))), tx.AppendAudit(store.Audit{Key: userKey(n)})); err != nil {
					return err
				}
				if n%3 == 2 { // fails after it wrote
					return errors.Join(writeEverywhere(tx), errOurs)
				}
				return nil
			})
		})
	}
	wg.Wait()
	var want []store.Key
	for n, err := range errs {
		if n%3 == 0 {
			want = append(want, userKey(n))
			if err != nil {
				f.Fatalf("caller %d: %v", n, err)
			}
		} else if !errors.Is(err, errOurs) {
			f.Fatalf("caller %d: got error %v, want its own", n, err)
		}
	}
	equal(f, "users", after(f, store.User, ""), want)
	equal(f, "count", count(f, store.User), len(want))
	equal(f, "audit", len(auditAfter(f, 0)), len(want))
	nothingWritten(f)
}

func viewIsASnapshot(f *fixture) {
	f.put(user(1, "anna"))
	inside, written := make(chan struct{}), make(chan struct{})
	before, got := 0, 0
	done := make(chan error)
	go func() {
		done <- f.store.View(context.Background(), func(tx store.Tx) (err error) {
			before, err = tx.CountResources("okta", store.User)
			close(inside)
			<-written
			if err != nil {
				return err
			}
			got, err = tx.CountResources("okta", store.User)
			return err
		})
	}()
	<-inside
	f.put(user(2, "ben"))
	close(written)
	if err := <-done; err != nil {
		f.Fatal(err)
	}
	equal(f, "counts within one view", []int{before, got}, []int{1, 1})
	equal(f, "count in the next view", count(f, store.User), 2)
}

func viewIsReadOnly(f *fixture) {
	k := userKey(1)
	for name, write := range map[string]func(tx store.Tx) error{
		"PutResource":        func(tx store.Tx) error { return tx.PutResource(user(1, "anna")) },
		"ForgetResource":     func(tx store.Tx) error { return tx.ForgetResource(k) },
		"SetUnacknowledged":  func(tx store.Tx) error { return tx.SetUnacknowledged(k, false) },
		"AddMembers":         func(tx store.Tx) error { _, err := tx.AddMembers(groupKey(1), member(2, "")); return err },
		"RemoveMembers":      func(tx store.Tx) error { _, err := tx.RemoveMembers(groupKey(1), id(2)); return err },
		"PutLink":            func(tx store.Tx) error { return tx.PutLink(store.Link{Key: k, SlackID: "W1"}) },
		"DeleteLink":         func(tx store.Tx) error { return tx.DeleteLink(k) },
		"PutFormer":          func(tx store.Tx) error { return tx.PutFormer(store.Former{Source: "okta", SlackID: "W1"}) },
		"DeleteFormer":       func(tx store.Tx) error { return tx.DeleteFormer("W1") },
		"ChangeSlackMembers": func(tx store.Tx) error { return tx.ChangeSlackMembers(groupKey(1), []string{"W1"}, nil) },
		"PutStatus":          func(tx store.Tx) error { return tx.PutStatus(store.Status{Key: k}) },
		"PutIntent":          func(tx store.Tx) error { return tx.PutIntent(store.Intent{Key: k}) },
		"DeleteIntent":       func(tx store.Tx) error { return tx.DeleteIntent(k) },
		"AppendAudit":        func(tx store.Tx) error { return tx.AppendAudit(store.Audit{Key: k}) },
		"TrimAudit":          func(tx store.Tx) error { _, err := tx.TrimAudit(at(1), at(1), 1); return err },
		"PutSetting":         func(tx store.Tx) error { return tx.PutSetting("brake", nil) },
	} {
		if err := f.store.View(context.Background(), write); !errors.Is(err, store.ErrReadOnly) {
			f.Fatalf("%s: got error %v, want %v", name, err, store.ErrReadOnly)
		}
	}
	absent(f, func(tx store.Tx) (store.Resource, error) { return tx.Resource(k) })
}

func closeWaits(f *fixture) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	viewing, leave := make(chan struct{}), make(chan struct{})
	viewed := make(chan error, 1)
	go func() {
		viewed <- f.store.View(context.Background(), func(tx store.Tx) error {
			close(viewing)
			<-leave
			_, err := tx.CountResources("okta", store.User)
			return err
		})
	}()
	<-viewing
	errs := make([]error, 16)
	for n := range errs {
		wg.Go(func() {
			<-start
			errs[n] = f.store.Update(context.Background(), func(tx store.Tx) error { return tx.PutResource(user(n, "u"+id(n))) })
		})
	}
	closed := make(chan error, 1)
	go func() {
		<-start
		closed <- f.store.Close()
	}()
	close(start)
	wg.Wait() // every caller gets an answer, though a view is under way
	select {
	case err := <-closed:
		f.Fatalf("close returned while a view was under way: %v", err)
	default:
	}
	close(leave)
	if err := errors.Join(<-viewed, <-closed); err != nil {
		f.Fatal(err)
	}
	for n, err := range errs {
		if err != nil && !errors.Is(err, store.ErrClosed) {
			f.Fatalf("caller %d: %v", n, err)
		}
	}
}

func panicReachesCaller(f *fixture) {
	for name, run := range map[string]func(context.Context, func(store.Tx) error) error{"update": f.store.Update, "view": f.store.View} {
		got := func() (p any) {
			defer func() { p = recover() }()
			_ = run(context.Background(), func(tx store.Tx) error {
				_ = writeEverywhere(tx)
				panic("at the disco")
			})
			return nil
		}()
		if got == nil {
			f.Fatalf("%s: no panic", name)
		}
	}
	nothingWritten(f)
	f.put(user(1, "anna")) // the store goes on
	equal(f, "count", count(f, store.User), 1)
}

func serialisable(f *fixture) {
	const callers, rounds = 8, 10
	var wg sync.WaitGroup
	errs := make([]error, callers)
	for n := range callers {
		wg.Go(func() {
			for range rounds {
				errs[n] = errors.Join(errs[n], f.store.Update(context.Background(), func(tx store.Tx) error {
					value, err := tx.Setting("counter")
					if err != nil && !errors.Is(err, store.ErrNotFound) {
						return err
					}
					var counter int
					if err == nil {
						if _, err := fmt.Sscan(string(value), &counter); err != nil {
							return err
						}
					}
					return tx.PutSetting("counter", fmt.Append(nil, counter+1))
				}))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		f.Fatal(err)
	}
	got := read(f, func(tx store.Tx) ([]byte, error) { return tx.Setting("counter") })
	equal(f, "counter", string(got), fmt.Sprint(callers*rounds))
}
