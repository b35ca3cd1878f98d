package scimhandlers

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"scim2slack/scim"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

// benchWorld is a handler over a durable store with 1,000 users.
func benchWorld(b *testing.B) *world {
	w := newWorldWith(b, boltstore.Options{Sealer: store.NewSealer(false, "a key of 32 characters, or more...")}, func(c *Config) { c.Log = slog.New(slog.DiscardHandler) })
	w.handler.cfg.Source = func(*http.Request) Source { return Source{Name: "idp"} }
	w.loop.decide = nil
	w.update(func(tx store.Tx) error {
		for i := range 1000 {
			doc := scim.Object{"userName": fmt.Sprintf("user%d@x.test", i), "active": true, "displayName": "Ann Lee",
				"name":   scim.Object{"givenName": "Ann", "familyName": "Lee"},
				"emails": []any{scim.Object{"value": fmt.Sprintf("user%d@x.test", i), "type": "work", "primary": true}}}
			if err := tx.PutResource(store.Resource{Key: w.key(store.User, benchID(i)), Generation: 1, Document: doc}); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func benchID(i int) string { return fmt.Sprintf("01890000-0000-7000-8000-%012d", i+1) }

// quiet answers one request without keeping the answer.
func quiet(b testing.TB, h http.Handler, status int, method, path, body string) {
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	a := httptest.NewRecorder()
	h.ServeHTTP(a, r)
	if a.Code != status {
		b.Errorf("%s %s: %d %s", method, path, a.Code, a.Body)
	}
}

func benchBody(n uint64) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"new%d@x.test","externalId":"%d","active":true,"displayName":"Ann Lee",`+
		`"name":{"givenName":"Ann","familyName":"Lee"},"emails":[{"value":"new%d@x.test","type":"work","primary":true}]}`, n, n, n)
}

// perSecond adds how many operations were done a second to what a benchmark prints.
func perSecond(b *testing.B) { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s") }

// BenchmarkCreate makes users durably (fsync), one after the other.
func BenchmarkCreate(b *testing.B) {
	w := benchWorld(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		quiet(b, w.handler, 201, "POST", "/Users", benchBody(uint64(i)))
	}
	perSecond(b)
}

// BenchmarkCreateParallel makes users durably, 64 callers at once, which share their commits.
func BenchmarkCreateParallel(b *testing.B) {
	w := benchWorld(b)
	b.ReportAllocs()
	b.SetParallelism(32)
	var n atomic.Uint64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			quiet(b, w.handler, 201, "POST", "/Users", benchBody(n.Add(1)))
		}
	})
	perSecond(b)
}

func BenchmarkGet(b *testing.B) {
	w := benchWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		quiet(b, w.handler, 200, "GET", "/Users/"+benchID(500), "")
	}
	perSecond(b)
}

func BenchmarkFilterUserName(b *testing.B) {
	w := benchWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		quiet(b, w.handler, 200, "GET", "/Users?filter=userName%20eq%20%22user500@x.test%22&startIndex=1&count=100", "")
	}
	perSecond(b)
}

func BenchmarkListPage(b *testing.B) {
	w := benchWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		quiet(b, w.handler, 200, "GET", "/Users?startIndex=1&count=100", "")
	}
	perSecond(b)
}

func BenchmarkPutUnchanged(b *testing.B) {
	w := benchWorld(b)
	quiet(b, w.handler, 201, "POST", "/Users", benchBody(1))
	var id string
	w.view(func(tx store.Tx) error {
		keys, err := tx.FindResources("idp", store.User, store.IndexUserName, "new1@x.test")
		id = keys[0].ID
		return err
	})
	b.ReportAllocs()
	for b.Loop() {
		quiet(b, w.handler, 200, "PUT", "/Users/"+id, benchBody(1))
	}
	perSecond(b)
}

// BenchmarkPatchMember adds a member to a group of 5,000 and removes another, in turn.
func BenchmarkPatchMember(b *testing.B) {
	w := benchWorld(b)
	group, _ := w.largeGroup(5000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		op := `{"op":"add","path":"members","value":[{"value":"` + benchID(7) + `"}]}`
		if i%2 == 1 {
			op = `{"op":"remove","path":"members[value eq \"` + benchID(7) + `\"]"}`
		}
		quiet(b, w.handler, 204, "PATCH", "/Groups/"+group, `{"Operations":[`+op+`]}`)
	}
	perSecond(b)
}
