package scimhandlers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/scim"
	"scim2slack/store"
)

func bulkBody(operations ...any) object {
	return object{"schemas": []string{bulkRequestSchema}, "Operations": operations}
}

func bulkPost(id, path string, data object) object {
	return object{"method": "POST", "path": path, "bulkId": id, "data": data}
}

// bulkAnswers sends a bulk and returns its answers by bulkId, or by their number if they have none.
func (w *world) bulkAnswers(body any) map[string]scim.Object {
	w.Helper()
	a := w.must(200, "POST", "/Bulk", body)
	if diff := cmp.Diff([]any{bulkResponseSchema}, a.body.List("schemas")); diff != "" {
		w.Errorf("schemas:\n%s", diff)
	}
	answers := map[string]scim.Object{}
	for i, item := range a.body.List("Operations") {
		o := item.(scim.Object)
		id := o.String("bulkId")
		if id == "" {
			id = fmt.Sprint(i)
		}
		answers[id] = o
	}
	return answers
}

func TestBulk(t *testing.T) {
	w := newWorld(t)
	ann := w.newUser("ann@x.test")
	group := w.newGroup("Old")
	answers := w.bulkAnswers(bulkBody(
		bulkPost("g", "/Groups", object{"displayName": "Eng", "members": []any{object{"value": "bulkId:bob"}, object{"value": ann}}}),
		bulkPost("bob", "/Users", object{"userName": "bob@x.test", scim.EnterpriseSchema: object{"manager": object{"value": "bulkId:boss"}}}),
		bulkPost("boss", "/Users", object{"userName": "boss@x.test"}),
		object{"method": "patch", "path": "/Users/" + ann, "version": `W/"1"`, "data": patchBody(object{"op": "replace", "path": "title", "value": "Lead"})},
		object{"method": "PATCH", "path": "/Groups/" + group, "data": patchBody(object{"op": "add", "path": "members", "value": refs("bulkId:bob", ann)},
			object{"op": "remove", "path": `members[value eq "bulkId:bob"]`})},
		object{"method": "PUT", "path": "/Users/bulkId:boss", "data": object{"userName": "boss@x.test", "title": "Boss"}},
	))
	var got []string
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		a := answers[id]
		got = append(got, strings.Join([]string{id, a.String("method"), a.String("status"), a.String("version")}, " "))
	}
	want := []string{`3 PATCH 200 W/"2"`, `4 PATCH 204 W/"2"`, `5 PUT 200 W/"2"`, `bob POST 201 W/"1"`, `boss POST 201 W/"1"`, `g POST 201 W/"1"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	id := func(bulkID string) string {
		location := answers[bulkID].String("location")
		return location[strings.LastIndexByte(location, '/')+1:]
	}
	if got := answers["g"].String("location"); got != "https://gw.test/scim/v2/Groups/"+id("g") {
		t.Errorf("location %s", got)
	}
	if diff := cmp.Diff(sorted(ann, id("bob")), w.members(id("g"))); diff != "" {
		t.Errorf("members:\n%s", diff)
	}
	if diff := cmp.Diff([]string{ann}, w.members(group)); diff != "" {
		t.Errorf("members of the group that was patched:\n%s", diff)
	}
	if got := w.resource(store.User, id("bob")).Document.Object(scim.EnterpriseSchema).Object("manager").String("value"); got != id("boss") {
		t.Errorf("manager %s, want %s", got, id("boss"))
	}
	if got := w.resource(store.User, id("boss")).Document.String("title"); got != "Boss" {
		t.Errorf("title %q", got)
	}
	// The source has the answer: another POST is a conflict.
	w.must(409, "POST", "/Users", object{"userName": "bob@x.test"})
}

// Groups that are in each other, and two who are each other's managers (RFC 7644 section 3.7.1).
func TestBulkCircles(t *testing.T) {
	w := newWorld(t)
	answers := w.bulkAnswers(bulkBody(
		bulkPost("a", "/Groups", object{"displayName": "A", "members": refs("bulkId:b")}),
		bulkPost("b", "/Groups", object{"displayName": "B", "members": refs("bulkId:a", "bulkId:u")}),
		bulkPost("u", "/Users", object{"userName": "u@x.test", scim.EnterpriseSchema: object{"manager": "bulkId:v", "department": "D"}}),
		bulkPost("v", "/Users", object{"userName": "v@x.test", scim.EnterpriseSchema: object{"manager": object{"value": "bulkId:u"}}}),
	))
	id := map[string]string{}
	for name, a := range answers {
		if a.String("status") != "201" {
			t.Fatalf("%s: %v", name, a)
		}
		location := a.String("location")
		id[name] = location[strings.LastIndexByte(location, '/')+1:]
		if kind := map[bool]store.Type{true: store.User, false: store.Group}[name == "u" || name == "v"]; a.String("version") != fmt.Sprintf(`W/"%d"`, w.generation(kind, id[name])) {
			t.Errorf("%s has the version %s", name, a.String("version"))
		}
	}
	manager := func(name string) string {
		return w.resource(store.User, id[name]).Document.Object(scim.EnterpriseSchema).Object("manager").String("value")
	}
	if diff := cmp.Diff([]any{[]string{id["b"]}, sorted(id["a"], id["u"]), id["v"], id["u"]},
		[]any{w.members(id["a"]), w.members(id["b"]), manager("u"), manager("v")}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBulkFailures(t *testing.T) {
	w := newWorld(t)
	ann := w.newUser("ann@x.test")
	answers := w.bulkAnswers(bulkBody(
		bulkPost("taken", "/Users", object{"userName": "ANN@x.test"}),
		bulkPost("after", "/Groups", object{"displayName": "G", "members": refs("bulkId:taken")}),
		bulkPost("nobody", "/Groups", object{"displayName": "H", "members": refs("bulkId:unheard")}),
		bulkPost("c1", "/Groups", object{"displayName": "C1", "members": refs("bulkId:c2")}),
		bulkPost("c2", "/Groups", object{"displayName": "", "members": refs("bulkId:c1")}),
		bulkPost("self", "/Groups", object{"displayName": "S", "members": refs("bulkId:self")}),
		bulkPost("elsewhere", "/Bulk", object{"Operations": []any{}}),
		bulkPost("nowhere", "Users", object{"userName": "x"}),
		object{"method": "PATCH", "path": "/Users/" + ann, "version": `W/"7"`, "data": patchBody(object{"op": "replace", "path": "title", "value": "Lead"})},
		object{"method": "DELETE", "path": "/Users/" + nobody},
		object{"method": "PUT", "path": "/Users", "data": object{}},
		bulkPost("twice", "/Users", object{"userName": "bob@x.test"}),
		bulkPost("again", "/Users", object{"userName": "bob@x.test"}),
	))
	got := map[string]string{}
	for name, a := range answers {
		got[name] = a.String("status")
		fault := a.Object("response")
		if got[name] != "201" && (fault.String("status") != got[name] || fault.String("detail") == "" || fault.List("schemas")[0] != scim.ErrorSchema) {
			t.Errorf("%s: %v", name, a)
		}
	}
	want := map[string]string{"taken": "409", "after": "409", "nobody": "409", "c1": "409", "c2": "400", "self": "400", "elsewhere": "404", "nowhere": "400",
		"8": "412", "9": "404", "10": "405", "twice": "201", "again": "409"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := found(w.must(200, "GET", "/Groups", nil)); len(got) > 0 {
		t.Errorf("groups %v are left of operations that failed", got)
	}
	if len(w.handler.creations.underWay) > 0 {
		t.Errorf("still under way: %v", w.handler.creations.underWay)
	}
}

func TestBulkFailOnErrors(t *testing.T) {
	for errors, want := range map[int]int{1: 2, 2: 3, 3: 5, 9: 5} {
		w := newWorld(t)
		w.newUser("ann@x.test")
		body := bulkBody(bulkPost("1", "/Users", object{"userName": "a"}), bulkPost("2", "/Users", object{"userName": "ann@x.test"}),
			bulkPost("3", "/Users", object{"userName": ""}), bulkPost("4", "/Users", object{"userName": "b"}), bulkPost("5", "/Users", object{"userName": "a"}))
		body["failOnErrors"] = errors
		if got := len(w.bulkAnswers(body)); got != want {
			t.Errorf("failOnErrors %d: %d answers, want %d", errors, got, want)
		}
		if made := len(found(w.must(200, "GET", "/Users"+filterQuery(`userName eq "b"`), nil))) > 0; made != (want == 5) {
			t.Errorf("failOnErrors %d: the operation after the second error was done: %v", errors, made)
		}
	}
}

func TestBulkThatIsRefusedAsAWhole(t *testing.T) {
	w := newWorld(t)
	good := bulkPost("1", "/Users", object{"userName": "a"})
	many := []any{}
	for i := range maxBulkOperations + 1 {
		many = append(many, bulkPost(fmt.Sprint(i), "/Users", object{"userName": fmt.Sprint("u", i)}))
	}
	before := w.dump()
	for name, c := range map[string]struct {
		body   any
		status int
	}{
		"nothing":         {object{}, 400},
		"no operations":   {bulkBody(), 400},
		"no list":         {object{"Operations": object{}}, 400},
		"no object":       {bulkBody(good, "x"), 400},
		"too many":        {bulkBody(many...), 413},
		"too large":       {`{"Operations":[` + strings.Repeat(" ", maxBulkPayload) + `]}`, 413},
		"a GET":           {bulkBody(good, object{"method": "GET", "path": "/Users"}), 400},
		"no bulkId":       {bulkBody(good, object{"method": "POST", "path": "/Users", "data": object{"userName": "b"}}), 400},
		"no data":         {bulkBody(good, object{"method": "PUT", "path": "/Users/1"}), 400},
		"no path":         {bulkBody(good, object{"method": "DELETE"}), 400},
		"the same bulkId": {bulkBody(good, good), 400},
		"failOnErrors":    {object{"failOnErrors": 0, "Operations": []any{good}}, 400},
		"a number":        {bulkBody(object{"method": 1, "path": "/Users"}), 400},
	} {
		if a := w.must(c.status, "POST", "/Bulk", c.body); a.Code != c.status {
			t.Errorf("%s: %d", name, a.Code)
		}
	}
	w.must(405, "GET", "/Bulk", nil)
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("the store changed:\n%s", diff)
	}
}

// A bulk does not wait for Slack, and another source's resources are out of its reach.
func TestBulkWaitsForNobody(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AnswerWait = 1 << 40 })
	answers := w.bulkAnswers(bulkBody(bulkPost("1", "/Users", object{"userName": "a"})))
	if answers["1"].String("status") != "201" || len(w.loop.synced) > 0 || len(w.loop.enqueued) != 1 {
		t.Errorf("%v, synced %v, enqueued %v", answers, w.loop.synced, w.loop.enqueued)
	}
	location := answers["1"].String("location")
	body := bulkBody(object{"method": "DELETE", "path": strings.TrimPrefix(location, "https://gw.test/scim/v2")})
	if a := w.must(200, "POST", "/Bulk", body, "Test-Source", "other"); !strings.Contains(a.Body.String(), `"status":"404"`) {
		t.Errorf("another source: %s", a.Body)
	}
}

// A random directory that is pushed as one bulk, in any order and with circles, is what its operations say.
func TestBulkProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		defer w.store.Close()
		groups := rapid.IntRange(1, 5).Draw(rt, "groups")
		users := rapid.IntRange(0, 5).Draw(rt, "users")
		var operations []any
		members := map[string][]string{}
		for i := range groups {
			name := fmt.Sprint("g", i)
			pool := []string{}
			for j := range groups {
				if j != i {
					pool = append(pool, fmt.Sprint("g", j))
				}
			}
			for j := range users {
				pool = append(pool, fmt.Sprint("u", j))
			}
			var chosen []string
			if len(pool) > 0 {
				chosen = rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 0, 4, rapid.ID).Draw(rt, "members")
			}
			var list []any
			for _, m := range chosen {
				list = append(list, object{"value": bulkPrefix + m})
			}
			members[name] = sorted(chosen...)
			operations = append(operations, bulkPost(name, "/Groups", object{"displayName": name, "members": list}))
		}
		managers := map[string]string{}
		for i := range users {
			name := fmt.Sprint("u", i)
			data := object{"userName": name}
			if m := rapid.IntRange(0, users-1).Draw(rt, "manager"); m != i {
				managers[name] = fmt.Sprint("u", m)
				data[scim.EnterpriseSchema] = object{"manager": object{"value": bulkPrefix + managers[name]}}
			}
			operations = append(operations, bulkPost(name, "/Users", data))
		}
		answers := w.bulkAnswers(bulkBody(rapid.Permutation(operations).Draw(rt, "order")...))
		names := map[string]string{}
		for name, a := range answers {
			if a.String("status") != "201" {
				rt.Fatalf("%s: %v", name, a)
			}
			location := a.String("location")
			names[location[strings.LastIndexByte(location, '/')+1:]] = name
		}
		for id, name := range names {
			if strings.HasPrefix(name, "u") {
				got := names[w.resource(store.User, id).Document.Object(scim.EnterpriseSchema).Object("manager").String("value")]
				if got != managers[name] {
					rt.Fatalf("the manager of %s is %q, want %q", name, got, managers[name])
				}
				continue
			}
			var got []string
			for _, m := range w.members(id) {
				got = append(got, names[m])
			}
			if !slices.Equal(sorted(got...), members[name]) {
				rt.Fatalf("%s has %v, want %v", name, got, members[name])
			}
		}
	})
}

// BenchmarkBulk makes 1,000 users durably in one request.
func BenchmarkBulk(b *testing.B) {
	w := benchWorld(b)
	n := 0
	for b.Loop() {
		var operations strings.Builder
		for i := range maxBulkOperations {
			n++
			fmt.Fprintf(&operations, `,{"method":"POST","path":"/Users","bulkId":"%d","data":%s}`, i, benchBody(uint64(n)))
		}
		quiet(b, w.handler, 200, "POST", "/Bulk", `{"Operations":[`+operations.String()[1:]+`]}`)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "users/s")
}
