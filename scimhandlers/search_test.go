package scimhandlers

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/fuzzcost"
	"scim2slack/scim"
)

func TestSorting(t *testing.T) { synctest.Test(t, testSorting) }

func testSorting(t *testing.T) {
	w := newWorld(t)
	ids := map[string]string{}
	for name, attributes := range map[string]object{
		"a": {"userName": "b@x.test", "title": "Zeta", "active": true, "emails": []any{object{"value": "z@x.test"}, object{"value": "b@x.test", "primary": true}}},
		"b": {"userName": "A@x.test", "title": "alpha", "active": false, "emails": []any{object{"value": "c@x.test", "type": "home"}, object{"value": "y@x.test", "type": "work"}},
			scim.EnterpriseSchema: object{"department": "Ops"}},
		"c": {"userName": "c@x.test", "name": object{"familyName": "Abel"}, scim.EnterpriseSchema: object{"department": "eng"}},
	} {
		ids[name] = w.must(201, "POST", "/Users", attributes).body.String("id")
		time.Sleep(time.Second)
	}
	byAge := []string{"a", "b", "c"}
	slices.SortFunc(byAge, func(a, b string) int { return cmp.Compare(ids[a], ids[b]) })
	old := strings.Join(byAge, " ")
	slices.Reverse(byAge)
	young := strings.Join(byAge, " ")
	for _, c := range []struct{ query, want string }{
		{"sortBy=userName", "b a c"},
		{"sortBy=USERNAME&sortOrder=ascending", "b a c"},
		{"sortBy=userName&sortOrder=Descending", "c a b"},
		{"sortBy=title", "b a c"},                      // none comes last
		{"sortBy=title&sortOrder=descending", "c a b"}, // and first the other way round
		{"sortBy=name.familyName&count=1", "c"},
		{"sortBy=emails", "a b c"}, // the primary one, or else the first
		{"sortBy=emails.value&startIndex=2&count=1", "b"},
		{"sortBy=" + url.QueryEscape(`emails[type eq "work"].value`) + "&count=1", "b"},
		{"sortBy=active&filter=" + url.QueryEscape(`userName sw "a" or userName sw "b"`), "b a"},
		{"sortBy=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "c b a"},
		{"sortBy=department", "c b a"},
		{"sortBy=id", old},
		{"sortBy=meta.created", old},
		{"sortBy=meta.created&sortOrder=descending", young},
		{"sortBy=meta.lastModified&sortOrder=descending", young},
		{"sortOrder=descending", old}, // says nothing without sortBy
		{"sortBy=userName&count=0", ""},
	} {
		a := w.must(200, "GET", "/Users?"+c.query, nil)
		var want []string
		for name := range strings.FieldsSeq(c.want) {
			want = append(want, ids[name])
		}
		if diff := gocmp.Diff(append([]string{}, want...), found(a)); diff != "" {
			t.Errorf("%s: %s", c.query, diff)
		}
	}
	for query, scimType := range map[string]string{"sortBy=shoeSize": "invalidPath", "sortBy=name": "invalidPath", "sortBy=password": "invalidPath", "sortBy=%5B": "invalidPath",
		"sortBy=userName&sortOrder=up": "invalidValue", "sortBy=" + url.QueryEscape("userName[type eq 1]"): "invalidFilter"} {
		if a := w.must(400, "GET", "/Users?"+query, nil); a.body.String("scimType") != scimType {
			t.Errorf("%s: %s", query, a.Body)
		}
	}
}

// A SearchRequest asks what a GET asks; at the root both types are asked.
func TestSearchRequests(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.newUser("ann@x.test"), w.newUser("bob@x.test")
	eng := w.newGroup("Eng", ann)
	for _, c := range []struct {
		path string
		body object
		want []string
	}{
		{"/Users/.search", object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}, []string{ann, bob}},
		{"/Users/.search", object{"filter": `userName sw "b"`, "attributes": []string{"userName"}}, []string{bob}},
		{"/Users/.search", object{"sortBy": "userName", "sortOrder": "descending", "startIndex": 2, "count": 1}, []string{ann}},
		{"/Users/.search", object{"FILTER": nil, "startIndex": "2", "excludedAttributes": "emails"}, []string{bob}},
		{"/Groups/.search", object{"filter": `members.value eq "` + ann + `"`}, []string{eng}},
		{"/.search", object{}, []string{ann, bob, eng}},
		{"/.search", object{"filter": `meta.resourceType eq "Group"`}, []string{eng}},
		{"/.search", object{"filter": `userName eq "bob@x.test" or displayName eq "eng"`}, []string{bob, eng}},
		{"/.search", object{"filter": `userName pr`, "sortBy": "userName", "sortOrder": "descending"}, []string{bob, ann}},
		{"/.search", object{"sortBy": "displayName"}, []string{ann, bob, eng}},
		{"/.search", object{"startIndex": 3}, []string{eng}},
		{"/.search", object{"startIndex": 2, "count": 1}, []string{bob}},
	} {
		a := w.must(200, "POST", c.path, c.body)
		if diff := gocmp.Diff(c.want, found(a)); diff != "" {
			t.Errorf("%s %v: %s", c.path, c.body, diff)
		}
		if c.body["attributes"] != nil && a.body.List("Resources")[0].(scim.Object)["emails"] != nil {
			t.Errorf("%s %v: %s", c.path, c.body, a.Body)
		}
	}
	if diff := gocmp.Diff([]string{bob, eng}, found(w.must(200, "GET", "?startIndex=2&count=5", nil))); diff != "" {
		t.Errorf("GET of the root: %s", diff)
	}
	if a := w.must(200, "GET", "/?filter="+url.QueryEscape(`displayName eq "Eng"`), nil); a.body["totalResults"] != 1.0 {
		t.Errorf("GET of the root: %s", a.Body)
	}
	for _, body := range []any{"[]", "{", object{"filter": 5}, object{"count": "many"}, object{"attributes": []any{1}}, object{"filter": "userName"}, object{"filter": "shoeSize pr"},
		object{"sortBy": "shoeSize"}, object{"attributes": "a", "excludedAttributes": "b"}} {
		w.must(400, "POST", "/.search", body)
	}
	w.must(413, "POST", "/.search", `{"x":"`+strings.Repeat("x", searchBody)+`"}`)
	w.must(404, "POST", "/.search/x", object{})
}

func nextCursor(a answer) string { return a.body.String("nextCursor") }

func TestCursorErrors(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.newUser(fmt.Sprintf("user%d@x.test", i))
	}
	first := w.must(200, "GET", "/Users?cursor&count=1", nil)
	cursor := nextCursor(first)
	if first.body["totalResults"] != 3.0 || first.body["itemsPerPage"] != 1.0 || first.body["startIndex"] != nil || strings.Trim(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Errorf("first page: %s", first.Body)
	}
	flipped := []byte(cursor)
	flipped[len(flipped)/2] ^= 1
	for query, scimType := range map[string]string{
		"cursor=nonsense":                                             "invalidCursor",
		"cursor=" + string(flipped):                                   "invalidCursor",
		"cursor=" + cursor + "A":                                      "invalidCursor",
		"cursor=" + strings.Repeat("A", maxCursor+1):                  "invalidCursor",
		"cursor=" + cursor + "&filter=" + url.QueryEscape("title pr"): "invalidCursor",
		"cursor=" + cursor + "&sortBy=userName":                       "invalidCursor",
		"cursor=" + cursor + "&startIndex=2":                          "invalidValue",
		"cursor=&count=0":                                             "invalidCount",
		"cursor=&count=1001":                                          "invalidCount",
		"cursor=&count=-1":                                            "invalidCount",
		"cursor=&count=x":                                             "invalidCount",
	} {
		if a := w.must(400, "GET", "/Users?"+query, nil); a.body.String("scimType") != scimType {
			t.Errorf("%s: %s", query, a.Body)
		}
	}
	if a := w.must(400, "GET", "/Groups?cursor="+cursor, nil); a.body.String("scimType") != "invalidCursor" {
		t.Errorf("of another type: %s", a.Body)
	}
	if a := w.must(400, "GET", "/Users?cursor="+cursor, nil, "Test-Source", "other"); a.body.String("scimType") != "invalidCursor" {
		t.Errorf("of another source: %s", a.Body)
	}
	w.restart() // a cursor outlives it
	second := w.must(200, "GET", "/Users?cursor="+cursor+"&count=2", nil)
	if got := len(found(second)); got != 2 || nextCursor(second) != "" {
		t.Errorf("last page: %s", second.Body)
	}
}

// Whatever is asked, and however it is paged, the pages together are what a naive search of a slice gives. Who is there all the time is
// neither missed nor seen twice by a cursor, though others come and go.
func TestWalks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		defer w.store.Close()
		var all []scim.Object
		add := func() {
			body := object{"userName": fmt.Sprintf("u%d-%d", rapid.IntRange(0, 9).Draw(rt, "name"), len(all))}
			if title := rapid.SampledFrom([]string{"", "a", "A", "b", "c"}).Draw(rt, "title"); title != "" {
				body["title"] = title
			}
			all = append(all, w.must(201, "POST", "/Users", body).body)
		}
		for range rapid.IntRange(0, 12).Draw(rt, "users") {
			add()
		}
		filter := rapid.SampledFrom([]string{"", `title eq "a"`, `title pr`, `userName sw "u1"`, `not (title eq "b")`}).Draw(rt, "filter")
		sortBy := rapid.SampledFrom([]string{"", "title", "userName", "id"}).Draw(rt, "sortBy")
		descending := rapid.Bool().Draw(rt, "descending")
		question := url.Values{"filter": {filter}, "sortBy": {sortBy}}
		if descending {
			question.Set("sortOrder", "descending")
		}
		want := naive(t, all, filter, sortBy, descending)
		if rapid.Bool().Draw(rt, "by index") {
			got := []string{}
			for {
				question.Set("startIndex", fmt.Sprint(len(got)+1))
				question.Set("count", fmt.Sprint(rapid.IntRange(1, 5).Draw(rt, "count")))
				a := w.must(200, "GET", "/Users?"+question.Encode(), nil)
				got = append(got, found(a)...)
				if a.body["totalResults"] != float64(len(want)) {
					rt.Fatalf("total %v of %d", a.body["totalResults"], len(want))
				}
				if len(found(a)) == 0 {
					break
				}
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				rt.Fatalf("(-want +got):\n%s", diff)
			}
			return
		}
		got, cursor := []string{}, ""
		gone, fresh := map[string]bool{}, len(all)
		for {
			question.Set("cursor", cursor)
			question.Set("count", fmt.Sprint(rapid.IntRange(1, 5).Draw(rt, "count")))
			a := w.must(200, "GET", "/Users?"+question.Encode(), nil)
			got = append(got, found(a)...)
			if cursor = nextCursor(a); cursor == "" {
				break
			}
			if rapid.Bool().Draw(rt, "one more") {
				add()
			}
			if id := all[rapid.IntRange(0, fresh-1).Draw(rt, "who leaves")].String("id"); !gone[id] && rapid.Bool().Draw(rt, "leaves") {
				gone[id] = true
				w.must(204, "DELETE", "/Users/"+id, nil)
			}
		}
		stayed := func(id string) bool {
			return gone[id] || slices.ContainsFunc(all[fresh:], func(o scim.Object) bool { return o.String("id") == id })
		}
		want, got = slices.DeleteFunc(want, stayed), slices.DeleteFunc(got, stayed)
		if diff := gocmp.Diff(want, got); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// A walk by cursor over both types sees everybody once, wherever a page happens to end.
func TestWalkOverBothTypes(t *testing.T) {
	w := newWorld(t)
	var want []string
	for _, group := range []string{"A", "B", "C"} { // older than the users, and yet listed after them
		want = append(want, w.newGroup(group))
	}
	var people []string
	for i := range 4 {
		people = append(people, w.newUser(fmt.Sprintf("user%d@x.test", i)))
	}
	want = append(people, want...)
	for _, question := range []string{"", "&sortBy=id", "&filter=" + url.QueryEscape("meta.created pr"), "&filter=" + url.QueryEscape("displayName pr")} {
		for count := 1; count <= 8; count++ {
			got, cursor := []string{}, ""
			for more := true; more; more = cursor != "" {
				a := w.must(200, "GET", fmt.Sprintf("?count=%d&cursor=%s%s", count, cursor, question), nil)
				got = append(got, found(a)...)
				cursor = nextCursor(a)
			}
			expected := slices.Clone(want)
			if strings.Contains(question, "sortBy") {
				slices.Sort(expected)
			}
			if diff := gocmp.Diff(expected, got); diff != "" {
				t.Errorf("%q by %d (-want +got):\n%s", question, count, diff)
			}
		}
	}
}

// naive searches and sorts a slice.
func naive(t *testing.T, all []scim.Object, filter, sortBy string, descending bool) []string {
	var hits []scim.Object
	for _, o := range all {
		if filter != "" {
			f, err := scim.ParseFilter(filter)
			if err != nil {
				t.Fatal(err)
			}
			if !f.Match(scim.Users, o) {
				continue
			}
		}
		hits = append(hits, o)
	}
	slices.SortStableFunc(hits, func(a, b scim.Object) int {
		if sortBy == "" {
			return 0
		}
		x, y := strings.ToLower(a.String(sortBy)), strings.ToLower(b.String(sortBy))
		order := strings.Compare(x, y)
		switch {
		case x == "" && y != "":
			order = 1
		case x != "" && y == "":
			order = -1
		}
		if descending {
			return -order
		}
		return order
	})
	ids := []string{}
	for _, o := range hits {
		ids = append(ids, o.String("id"))
	}
	return ids
}

// Whatever is given as a cursor, it is read or refused, and only what was sealed is read.
func FuzzCursor(f *testing.F) {
	w := newWorld(f)
	at := position{kind: 1, id: nobody, key: "Zürich", filled: true}
	sealed, err := w.handler.sealCursor(f.Context(), at, "question")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", sealed, sealed[1:], sealed + "=", "A", strings.Repeat("A", 40), strings.Repeat("_", maxCursor), "\x00", "%41"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got *position
		var err error
		fuzzcost.Check(t, len(text), 16<<10, func() { got, err = w.handler.openCursor(t.Context(), text, "question") })
		switch {
		case text == "":
			if err != nil || *got != (position{}) {
				t.Errorf("an empty cursor: %v, %v", got, err)
			}
		case text == sealed:
			if err != nil || *got != at {
				t.Errorf("%v, %v", got, err)
			}
		case err == nil:
			t.Errorf("%q was taken as %v", text, got)
		}
	})
}
