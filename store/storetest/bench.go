package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"scim2slack/scim"
	"scim2slack/store"
)

// Benchmark measures what the gateway does most. open returns an empty store, which Benchmark closes.
func Benchmark(b *testing.B, open func(b *testing.B) store.Store) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("Create/callers=%d", callers), func(b *testing.B) { benchmarkCreate(b, opened(b, open), callers) })
	}
	b.Run("OneMemberOf50000", func(b *testing.B) { benchmarkMember(b, opened(b, open)) })
	b.Run("Among100000", func(b *testing.B) { benchmarkRead(b, opened(b, open)) })
}

func opened(b *testing.B, open func(b *testing.B) store.Store) store.Store {
	s := open(b)
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// Person returns the n-th of many users, each of the size that sources send, about 900 bytes.
func Person(n int) store.Resource {
	r := user(n, fmt.Sprintf("user.%d@example.com", n))
	r.Document = scim.Object{
		"userName": fmt.Sprintf("user.%d@example.com", n), "externalId": fmt.Sprintf("00u%d", n), "active": true, "nickName": nil,
		"name":        scim.Object{"givenName": "Konstantin", "familyName": fmt.Sprintf("Zimmermann-%d", n), "formatted": "Konstantin Zimmermann"},
		"displayName": fmt.Sprintf("Konstantin Zimmermann %d", n), "title": "Senior Engineer, Directory Services", "locale": "de-CH",
		"emails": []any{
			scim.Object{"value": fmt.Sprintf("user.%d@example.com", n), "type": "work", "primary": true},
			scim.Object{"value": fmt.Sprintf("k.zimmermann.%d@home.example", n), "type": "home"},
		},
		"phoneNumbers": []any{scim.Object{"value": "+41 44 555 01 23", "type": "work"}, scim.Object{"value": nil, "type": "mobile"}},
		"addresses": []any{scim.Object{"streetAddress": "Bahnhofstrasse 1", "locality": "Zürich", "postalCode": "8001", "country": "CH",
			"type": "work", "primary": true}},
		"timezone": "Europe/Zurich", "userType": "Employee", "preferredLanguage": "de",
		scim.EnterpriseSchema: scim.Object{"employeeNumber": fmt.Sprint(100000 + n), "costCenter": "4711", "organization": "Example",
			"department": "Directory Services", "manager": scim.Object{"value": fmt.Sprintf("boss.%d@example.com", n/10)}},
	}
	return r
}

// benchmarkCreate creates users as a POST does: resource, indexes, unacknowledged mark, audit record.
func benchmarkCreate(b *testing.B, s store.Store, callers int) {
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(callers) // of each processor; RunParallel cannot start fewer
	create := func() {
		r := Person(int(n.Add(1)))
		must(b, s.Update(context.Background(), func(tx store.Tx) error {
			return errors.Join(tx.PutResource(r), tx.SetUnacknowledged(r.Key, true),
				tx.AppendAudit(store.Audit{Time: at(1), Actor: "source:okta", Key: r.Key, Event: "resource.created", Generation: 1}))
		}))
	}
	slots := make(chan struct{}, callers)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			slots <- struct{}{}
			create()
			<-slots
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
}

func benchmarkMember(b *testing.B, s store.Store) {
	const size = 50_000
	members := make([]store.Member, size)
	for n := range members {
		members[n] = member(n, "")
	}
	change := func(fn func(tx store.Tx) (int, error)) {
		must(b, s.Update(context.Background(), func(tx store.Tx) error {
			_, err := fn(tx)
			return err
		}))
	}
	g := groupKey(size + 1)
	change(func(tx store.Tx) (int, error) { return tx.AddMembers(g, members...) })
	b.Run("Change", func(b *testing.B) {
		b.ReportAllocs()
		for n := range b.N {
			m := members[(n/2*7919)%size]
			if n%2 == 0 {
				change(func(tx store.Tx) (int, error) { return tx.RemoveMembers(g, m.ID) })
			} else {
				change(func(tx store.Tx) (int, error) { return tx.AddMembers(g, m) })
			}
		}
	})
	b.Run("Iterate", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			must(b, s.View(context.Background(), func(tx store.Tx) error {
				_, err := collect(tx.Members(g))
				return err
			}))
		}
	})
}

func benchmarkRead(b *testing.B, s store.Store) {
	const size, chunk = 100_000, 5_000
	for first := 0; first < size; first += chunk {
		must(b, s.Update(context.Background(), func(tx store.Tx) error {
			for n := first; n < first+chunk; n++ {
				if err := tx.PutResource(Person(n)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	nth := func(n int) int { return (n * 7919) % size }
	view := func(b *testing.B, fn func(tx store.Tx, n int) error) {
		b.ReportAllocs()
		for n := range b.N {
			must(b, s.View(context.Background(), func(tx store.Tx) error { return fn(tx, nth(n)) }))
		}
	}
	b.Run("FindByUserName", func(b *testing.B) {
		view(b, func(tx store.Tx, n int) error {
			keys, err := tx.FindResources("okta", store.User, store.IndexUserName, fmt.Sprintf("User.%d@example.com", n))
			if err == nil && len(keys) != 1 {
				err = fmt.Errorf("found %d", len(keys))
			}
			return err
		})
	})
	b.Run("Get", func(b *testing.B) {
		view(b, func(tx store.Tx, n int) error {
			_, err := tx.Resource(userKey(n))
			return err
		})
	})
	b.Run("ListPageOf100", func(b *testing.B) {
		view(b, func(tx store.Tx, n int) error {
			left := 100
			for _, err := range tx.ResourcesAfter("okta", store.User, id(min(n, size-200))) {
				if left--; err != nil || left == 0 {
					return err
				}
			}
			return nil
		})
	})
	b.Run("Count", func(b *testing.B) {
		view(b, func(tx store.Tx, n int) error {
			_, err := tx.CountResources("okta", store.User)
			return err
		})
	})
}
