package scimhandlers

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"scim2slack/scim"
	"scim2slack/server"
)

// addresses are all that is served below /scim/v2 and /scim/v1. ID stands for the id of a resource. An address that the code
// compares a path with and that is not here fails TestEveryAddressIsInTheMatrix.
var addresses = []string{
	"", "/", "/Users", "/Users/ID", "/Users/.search", "/Groups", "/Groups/ID", "/Groups/.search", "/.search", "/Bulk", "/Me",
	"/ServiceProviderConfig", "/ServiceProviderConfigs", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/User",
	"/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "/Users/ID/groups", "/Nothing",
}

var roots = []string{Root, RootV1}

// The edge routes nothing but the two roots, and the handlers nothing that is not in the list.
func TestEveryAddressIsInTheMatrix(t *testing.T) {
	c := newCompany(t)
	for _, route := range c.edge.(*echo.Echo).Routes() {
		if !slices.Contains(roots, strings.TrimSuffix(route.Path, "/*")) {
			t.Errorf("the edge also routes %s %s", route.Method, route.Path)
		}
	}
	segments := map[string]bool{}
	for _, address := range addresses {
		for segment := range strings.SplitSeq(address, "/") {
			segments[segment] = true
		}
	}
	found := 0
	for _, file := range []string{"handler.go", "discovery.go", "v1.go"} {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, literal := range comparedWithPath(tree) {
			if found++; !segments[literal] {
				t.Errorf("%s serves %q, which is in no address of the matrix", file, literal)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d comparisons of paths were found: the way in which they are written has changed", found)
	}
}

// comparedWithPath returns the texts that a file compares elements of path with.
func comparedWithPath(tree *ast.File) (texts []string) {
	isPath := func(e ast.Expr) bool {
		index, ok := e.(*ast.IndexExpr)
		if !ok {
			return false
		}
		name, ok := index.X.(*ast.Ident)
		return ok && name.Name == "path"
	}
	add := func(e ast.Expr) {
		if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, _ := strconv.Unquote(literal.Value)
			texts = append(texts, text)
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL && isPath(n.X) {
				add(n.Y)
			}
		case *ast.SwitchStmt:
			if n.Tag != nil && isPath(n.Tag) {
				for _, clause := range n.Body.List {
					for _, e := range clause.(*ast.CaseClause).List {
						add(e)
					}
				}
			}
		}
		return true
	})
	return texts
}

// company is the edge and the handlers over a store with two sources, of which each has a person and a group that tell whose they are.
type company struct {
	testing.TB
	edge                         http.Handler
	userA, groupA, userB, groupB string
	canariesB                    []string // ids and a part of all values of the second source
}

const (
	tokenA, tokenB, tokenReader = "token-of-source-a", "token-of-source-b", "token-that-reads-a"
	tokenAdmin                  = "token-of-an-admin"
)

func newCompany(t testing.TB) *company {
	t.Helper()
	w := newWorld(t, func(c *Config) {
		c.Source = func(r *http.Request) Source { return Source{Name: server.SourceName(r.Context())} }
	})
	reader := server.Token("a", tokenReader)
	reader.Name, reader.ReadOnly = "reader", true
	edge, err := server.New(server.Config{SCIM: w.handler, Log: slog.New(slog.DiscardHandler),
		Credentials: []server.Credential{server.Token("a", tokenA), server.Token("b", tokenB), reader}})
	if err != nil {
		t.Fatal(err)
	}
	c := &company{TB: t, edge: edge.Handler()}
	c.userA, c.groupA = c.hire(tokenA, "canary-a")
	c.userB, c.groupB = c.hire(tokenB, "canary-b")
	c.canariesB = []string{"canary-b", c.userB, c.groupB}
	for i := range 3 { // so that counts differ too
		user, group := c.hire(tokenB, fmt.Sprint("canary-b-", i))
		c.canariesB = append(c.canariesB, user, group)
	}
	return c
}

// hire makes a person and a group with them in it, each of whose values has the canary in it.
func (c *company) hire(bearer, canary string) (user, group string) {
	c.Helper()
	user = c.made(bearer, "/Users", personOf(canary))
	return user, c.made(bearer, "/Groups", object{"schemas": []string{scim.GroupSchema}, "displayName": canary + "-group", "externalId": canary + "-group-x", "members": refs(user)})
}

func personOf(canary string) object {
	return object{"schemas": []string{scim.UserSchema, scim.EnterpriseSchema}, "userName": canary + "-name", "externalId": canary + "-x", "title": canary + "-title", "active": true,
		"name": object{"givenName": canary + "-given", "familyName": canary + "-family"}, "emails": []any{object{"value": canary + "@example.com", "primary": true}},
		scim.EnterpriseSchema: object{"department": canary + "-department", "manager": object{"value": canary + "-manager"}}}
}

func (c *company) made(bearer, path string, body object) string {
	c.Helper()
	a := c.send("POST", Root+path, body, "Bearer "+bearer)
	var made struct{ ID string }
	if err := json.Unmarshal(a.Body.Bytes(), &made); err != nil || a.Code != 201 {
		c.Fatalf("POST %s: %d %s", path, a.Code, a.Body)
	}
	return made.ID
}

func (c *company) send(method, target string, body any, authorization ...string) *httptest.ResponseRecorder {
	c.Helper()
	raw := []byte{}
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			c.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, target, strings.NewReader(string(raw)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Request-Id", "the-request")
	r.Header["Authorization"] = authorization
	w := httptest.NewRecorder()
	c.edge.ServeHTTP(w, r)
	return w
}

// view is all that a source holds, as it sees it.
func (c *company) view(bearer string) string {
	c.Helper()
	seen := ""
	for _, path := range []string{"/Users?sortBy=id", "/Groups?sortBy=id"} {
		a := c.send("GET", Root+path, nil, "Bearer "+bearer)
		if a.Code != 200 {
			c.Fatalf("GET %s: %d %s", path, a.Code, a.Body)
		}
		seen += a.Body.String() + "\n"
	}
	return seen
}

// bodies are what is sent to an address by a method, with an id of somebody in all places that take one.
func bodies(method, address, id string) []any {
	search := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, "filter": `id eq "` + id + `" or userName sw "canary" or displayName sw "canary"`}
	switch {
	case method == "GET" || method == "HEAD" || method == "DELETE":
		return []any{nil}
	case strings.HasSuffix(address, ".search"):
		return []any{search, object{}}
	case address == "/Bulk":
		var operations []any
		for _, path := range []string{"/Users/" + id, "/Groups/" + id} {
			for _, method := range []string{"PATCH", "PUT", "DELETE", "GET", "POST"} {
				operations = append(operations, object{"method": method, "path": path, "bulkId": method + path, "data": object{"userName": "intruder", "displayName": "intruder", "Operations": []any{object{"op": "replace", "path": "displayName", "value": "intruder"}}}})
			}
		}
		return []any{object{"schemas": []string{bulkRequestSchema}, "Operations": operations}}
	case method == "PATCH":
		return []any{
			patchBody(object{"op": "replace", "path": "displayName", "value": "intruder"}),
			patchBody(object{"op": "add", "path": "members", "value": refs(id)}),
			patchBody(object{"op": "remove", "path": `members[value eq "` + id + `"]`}),
			patchBody(object{"op": "add", "path": scim.EnterpriseSchema + ":manager", "value": object{"value": id}}),
			object{"members": refs(id), "displayName": "intruder"}, // a PATCH of 1.1
		}
	}
	return []any{object{"id": id, "userName": "intruder", "displayName": "intruder", "externalId": id, "members": refs(id), scim.EnterpriseSchema: object{"manager": object{"value": id}}}}
}

var matrixMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"}

// spelled are ways to write an address that some server or proxy takes for the same.
func spelled(target string) []string {
	i := strings.LastIndex(target, "/")
	parent, last := target[:i+1], target[i+1:]
	all := []string{
		target + "/", "/" + target, strings.ReplaceAll(target, "/", "//"), parent + "./" + last, parent + "%2e/" + last, parent + "x/../" + last, parent + "x/%2e%2e/" + last, "/livez/.." + target, "/scim" + target,
		strings.ReplaceAll(target, "/", "%2F"), "/" + strings.ReplaceAll(target[1:], "/", "%2f"), strings.ToUpper(target), strings.ToLower(target), target + ";x=1", parent + ";x/" + last, target + "%00", target + "%20", target + ".json",
		target + "%0a", target + "%c0%af", parent + "%c0%ae%c0%ae/" + last, target + "%3fx", target + "%23", "/" + strings.ReplaceAll(target[1:], "/", `\`), "/scim/v1/../v2" + strings.TrimPrefix(target, Root), "/scim/v3" + target[len(Root):],
	}
	if last != "" {
		all = append(all, parent+fmt.Sprintf("%%%02x", last[0])+last[1:], parent+"%25"+fmt.Sprintf("%02x", last[0])+last[1:])
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == target || s[0] != '/' })
}

// told returns the canaries in an answer that were not in the request.
func told(a *httptest.ResponseRecorder, request string, canaries []string) (leaks []string) {
	answer := a.Body.String() + fmt.Sprint(a.Header())
	for _, canary := range canaries {
		if strings.Contains(answer, canary) && !strings.Contains(request, canary) {
			leaks = append(leaks, canary)
		}
	}
	return leaks
}

// Whoever has no credential of a source gets the same 401 wherever they knock, and nothing changes.
func TestMatrixOfTheUnknown(t *testing.T) {
	c := newCompany(t)
	before := c.view(tokenA) + c.view(tokenB)
	credentials := map[string][]string{
		"none": nil, "empty": {""}, "garbage": {"Bearer garbage"}, "an admin token": {"Bearer " + tokenAdmin}, "no scheme": {tokenA}, "Basic": {"Basic " + tokenA}, "two": {"Bearer " + tokenA, "Bearer " + tokenB},
		"garbage and a token": {"Bearer garbage", "Bearer " + tokenA}, "two in one": {"Bearer " + tokenA + ", Bearer " + tokenB}, "more than the token": {"Bearer " + tokenA + "x"}, "a hundred kilobytes": {"Bearer " + strings.Repeat("x", 100<<10)},
	}
	want := map[string]bool{"": true}
	for _, root := range roots {
		want[c.send("GET", root, nil).Body.String()] = true
	}
	sent := 0
	for _, root := range roots {
		for _, address := range addresses {
			for _, id := range []string{c.userA, c.groupA, c.userB, c.groupB, nobody} {
				if id != c.userA && !strings.Contains(address, "ID") {
					continue
				}
				target := root + strings.Replace(address, "ID", id, 1)
				for name, credential := range credentials {
					check := func(method, target string, body any) {
						sent++
						a := c.send(method, target, body, credential...)
						if a.Code != 401 || !want[a.Body.String()] || a.Header().Get("Location") != "" {
							t.Errorf("%s %s by %s: %d %s", method, target, name, a.Code, a.Body)
						}
					}
					for _, method := range matrixMethods {
						check(method, target, bodies(method, address, id)[0])
					}
					for _, other := range spelled(target) {
						check("GET", other, nil)
						check("DELETE", other, nil)
					}
				}
			}
		}
	}
	if diff := cmp.Diff(before, c.view(tokenA)+c.view(tokenB)); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
	if sent < 30_000 {
		t.Errorf("only %d requests were tried", sent)
	}
	t.Logf("%d requests", sent)
}

// What one source asks about another's is answered as if it were not there, to the byte, whatever the request; and nothing of the other's changes.
func TestMatrixOfTheOther(t *testing.T) {
	c := newCompany(t)
	before := c.view(tokenB)
	sent := 0
	// ask sends a request twice, about what is another's and about what never was, and compares.
	ask := func(method, target string, body any, id string) {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		sent += 2
		replaced := func(text string) string { return strings.ReplaceAll(text, id, nobody) }
		a := c.send(method, target, body, "Bearer "+tokenA)
		if leaks := told(a, target+string(raw), c.canariesB); len(leaks) > 0 {
			t.Fatalf("%s %s %s tells of %v: %d %s", method, target, raw, leaks, a.Code, a.Body)
		}
		if method == "POST" && a.Code == 201 { // it would be there already the second time
			c.send("DELETE", strings.TrimPrefix(a.Header().Get("Location"), "https://gw.test"), nil, "Bearer "+tokenA)
			return
		}
		c.restore()
		ofNobody := trace(c.send(method, replaced(target), json.RawMessage(replaced(string(raw))), "Bearer "+tokenA))
		c.restore()
		if diff := cmp.Diff(ofNobody, replaced(trace(a))); diff != "" {
			t.Errorf("%s %s %s differs from what never was:\n%s", method, target, raw, diff)
		}
	}
	for _, root := range roots {
		for _, address := range addresses {
			for _, id := range []string{c.userB, c.groupB} {
				target := root + strings.Replace(address, "ID", id, 1)
				for _, method := range matrixMethods {
					for _, body := range bodies(method, address, id) {
						ask(method, target, body, id)
					}
				}
				for _, other := range spelled(target) {
					for _, method := range []string{"GET", "PUT", "DELETE"} {
						ask(method, other, bodies(method, address, id)[0], id)
					}
				}
			}
		}
		for _, id := range []string{c.userB, c.groupB} { // in what is one's own, somebody else's ids
			for _, own := range []string{"/Users/" + c.userA, "/Groups/" + c.groupA} {
				for _, method := range []string{"PATCH", "PUT", "GET"} {
					for _, body := range bodies(method, own, id) {
						ask(method, root+own, body, id)
					}
				}
			}
		}
	}
	for path, body := range map[string]object{"/Users": personOf("canary-b"), "/Groups": {"displayName": "canary-b-group", "externalId": "canary-b-group-x"}} {
		c.made(tokenA, path, body) // the other's names are free here
	}
	if diff := cmp.Diff(before, c.view(tokenB)); diff != "" {
		t.Errorf("what is another's changed:\n%s", diff)
	}
	t.Logf("%d requests", sent)
}

// restore makes the person and the group of the first source what they were.
func (c *company) restore() {
	c.Helper()
	for path, body := range map[string]object{"/Users/" + c.userA: personOf("canary-a"), "/Groups/" + c.groupA: {"displayName": "canary-a-group", "externalId": "canary-a-group-x", "members": refs(c.userA)}} {
		if a := c.send("PUT", Root+path, body, "Bearer "+tokenA); a.Code != 200 {
			c.Fatalf("PUT %s: %d %s", path, a.Code, a.Body)
		}
	}
}

// trace is an answer but for the times and versions of what is one's own, which change with every edit.
func trace(a *httptest.ResponseRecorder) string {
	return changing.ReplaceAllString(fmt.Sprintf("%d %v\n%s", a.Code, a.Header(), a.Body), "")
}

var changing = regexp.MustCompile(`"(lastModified|version)":"([^"\\]|\\.)*"|Etag:\[[^]]*\]|Content-Length:\[\d+\]`)

// No question finds what is another's: by filter, order, page, cursor or search.
func TestQuestionsAboutTheOther(t *testing.T) {
	c := newCompany(t)
	values := []string{"canary-b-name", "CANARY-B-NAME", "canary-b", "canary-b@example.com", "canary-b-x", "canary-b-group", "canary-b-title", "canary-b-department", "canary-b-manager", c.userB, c.groupB}
	attributes := []string{"id", "userName", "externalId", "displayName", "title", "name.givenName", "emails", "emails.value", "members", "members.value", "groups", "groups.value", "groups.display", "manager", "meta.location",
		scim.EnterpriseSchema + ":department", scim.EnterpriseSchema + ":manager.value"}
	var filters []string
	for _, attribute := range attributes {
		for _, value := range values {
			for _, operator := range []string{"eq", "co", "sw", "ew", "ge"} {
				filters = append(filters, fmt.Sprintf("%s %s %q", attribute, operator, value))
			}
		}
		filters = append(filters, attribute+" pr", "not ("+attribute+" pr)", attribute+` ne "canary-a"`)
	}
	sent := 0
	check := func(method, target string, body any) {
		sent++
		a := c.send(method, target, body, "Bearer "+tokenA)
		raw, _ := json.Marshal(body)
		if leaks := told(a, target+string(raw), append(c.canariesB, "canary-b-given")); len(leaks) > 0 || a.Code >= 500 && a.Code != 501 {
			t.Errorf("%s %s %s tells of %v: %d %s", method, target, raw, leaks, a.Code, a.Body)
		}
		var list struct{ TotalResults int }
		if json.Unmarshal(a.Body.Bytes(), &list) == nil && list.TotalResults > 2 {
			t.Errorf("%s %s %s counts %d", method, target, raw, list.TotalResults)
		}
	}
	for _, root := range roots {
		for _, path := range []string{"", "/Users", "/Groups", "/Users?count=0", "/Users?startIndex=2&count=1"} {
			check("GET", root+path, nil)
		}
		for _, filter := range filters {
			for _, path := range []string{"", "/Users", "/Groups"} {
				check("GET", root+path+"?filter="+url.QueryEscape(filter), nil)
			}
			for _, path := range []string{"/.search", "/Users/.search", "/Groups/.search"} {
				check("POST", root+path, object{"filter": filter})
			}
		}
		for _, attribute := range attributes {
			for _, order := range []string{"ascending", "descending"} {
				check("GET", root+"/Users?count=1&startIndex=2&sortBy="+attribute+"&sortOrder="+order+"&attributes="+attribute, nil)
				check("GET", root+"/Groups?count=1&startIndex=2&sortBy="+attribute+"&sortOrder="+order+"&excludedAttributes="+attribute, nil)
			}
		}
	}
	// All pages together have one's own, and a cursor that another was given is none here.
	for _, path := range []string{"/Users", ""} {
		a := c.send("GET", Root+path+"?cursor&count=1", nil, "Bearer "+tokenB)
		var page struct{ NextCursor string }
		if err := json.Unmarshal(a.Body.Bytes(), &page); err != nil || page.NextCursor == "" {
			t.Fatalf("no cursor: %d %s", a.Code, a.Body)
		}
		check("GET", Root+path+"?cursor&count=1", nil)
		check("GET", Root+path+"?cursor&count=100", nil)
		b := c.send("GET", Root+path+"?count=1&cursor="+page.NextCursor, nil, "Bearer "+tokenA)
		if leaks := told(b, "", c.canariesB); len(leaks) > 0 || b.Code != 400 {
			t.Errorf("another's cursor: %d %s", b.Code, b.Body)
		}
	}
	t.Logf("%d requests", sent)
}

// Who may only read changes nothing of their own by anything.
func TestMatrixOfTheReader(t *testing.T) {
	c := newCompany(t)
	before := c.view(tokenReader)
	for _, root := range roots {
		for _, address := range addresses {
			for _, id := range []string{c.userA, c.groupA} {
				target := root + strings.Replace(address, "ID", id, 1)
				for _, method := range matrixMethods {
					for _, body := range bodies(method, address, id) {
						for _, other := range append(spelled(target), target, target+"/.search", target+"%2f.search", target+"/.search/", target+"?x=/.search", target+";/.search") {
							r := c.send(method, other, body, "Bearer "+tokenReader)
							if leaks := told(r, other, []string{"canary-b", c.userB}); len(leaks) > 0 {
								t.Errorf("%s %s: %d %s", method, other, r.Code, r.Body)
							}
						}
					}
				}
			}
		}
	}
	if diff := cmp.Diff(before, c.view(tokenReader)); diff != "" {
		t.Errorf("a reader changed something:\n%s", diff)
	}
}
