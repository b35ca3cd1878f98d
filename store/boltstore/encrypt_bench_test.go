package boltstore

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"scim2slack/store"
	"scim2slack/store/storetest"
)

// BenchmarkEncryption tells how many times longer an encrypted store takes than a plain one, both asked in turn in one run.
func BenchmarkEncryption(b *testing.B) {
	const users = 20_000
	plain := openTest(b, testPath(b), Options{NoSync: true})
	encrypted := openTest(b, testPath(b), Options{NoSync: true, Keys: []Key{testKey(b, 1)}})
	both := []*Store{plain, encrypted}
	for _, s := range both {
		fillPeople(b, s, users)
	}
	nth := func(n int) int { return (n * 7919) % users }
	read := func(s *Store, fn func(tx store.Tx) error) error { return s.View(context.Background(), fn) }
	for _, c := range []struct {
		name string
		do   func(s *Store, n int) error
	}{
		{"Get", func(s *Store, n int) error {
			return read(s, func(tx store.Tx) error {
				_, err := tx.Resource(storetest.Person(nth(n)).Key)
				return err
			})
		}},
		{"Find", func(s *Store, n int) error {
			return read(s, func(tx store.Tx) error {
				keys, err := tx.FindResources("okta", store.User, store.IndexUserName, fmt.Sprintf("user.%d@example.com", nth(n)))
				if err == nil && len(keys) != 1 {
					err = fmt.Errorf("found %v", keys)
				}
				return err
			})
		}},
		{"List1000", func(s *Store, n int) error {
			return read(s, func(tx store.Tx) error {
				left := 1000
				for _, err := range tx.StoredAfter("okta", store.User, "") {
					if left--; err != nil || left == 0 {
						return err
					}
				}
				return nil
			})
		}},
		{"Put", func(s *Store, n int) error {
			r := storetest.Person(nth(n))
			r.Generation, r.Document["title"] = uint64(n), fmt.Sprint(n)
			return s.Update(context.Background(), func(tx store.Tx) error {
				return errors.Join(tx.PutResource(r), tx.AppendAudit(store.Audit{Key: r.Key, Event: "resource.replaced"}))
			})
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took [2]time.Duration
			for n := range b.N {
				for i, s := range both {
					began := time.Now()
					if err := c.do(s, n); err != nil {
						b.Fatal(err)
					}
					took[i] += time.Since(began)
				}
			}
			b.ReportMetric(float64(took[0].Nanoseconds())/float64(b.N), "plain-ns/op")
			b.ReportMetric(float64(took[1].Nanoseconds())/float64(b.N), "encrypted-ns/op")
			b.ReportMetric(float64(took[1])/float64(took[0]), "times-longer")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func fillPeople(b *testing.B, s *Store, n int) {
	b.Helper()
	const chunk = 5000
	for from := 0; from < n; from += chunk {
		update(b, s, func(tx store.Tx) (err error) {
			for i := from; i < min(n, from+chunk) && err == nil; i++ {
				r := storetest.Person(i)
				err = errors.Join(tx.PutResource(r), tx.PutLink(store.Link{Key: r.Key, SlackID: fmt.Sprintf("W%08d", i)}),
					tx.PutStatus(store.Status{Key: r.Key, Observed: 1, Phase: store.Synced}),
					tx.AppendAudit(store.Audit{Key: r.Key, Event: "resource.created"}))
			}
			return err
		})
	}
}

// BenchmarkReplacing is the first start with a key, the whole replacement of the key without pauses, and the start after it. It is done once,
// however often it is asked for. Take 100,000 users for the figures in docs/encryption.md.
func BenchmarkReplacing(b *testing.B) {
	const users = 10_000
	path := testPath(b)
	first, second := testKey(b, 1), testKey(b, 2)
	s := openTest(b, path, Options{NoSync: true})
	fillPeople(b, s, users)
	for _, step := range []struct {
		name string
		keys []Key
	}{{"encrypt-s", []Key{first}}, {"open-s", []Key{second, first}}, {"compact-s", []Key{second}}} {
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		s = openTest(b, path, Options{Keys: step.keys, renewNever: true})
		b.ReportMetric(time.Since(began).Seconds(), step.name)
		if len(step.keys) > 1 {
			began = time.Now()
			renewWhole(b, s)
			b.ReportMetric(time.Since(began).Seconds(), "replace-s")
		}
	}
	b.ReportMetric(0, "ns/op")
}
