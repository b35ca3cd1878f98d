package slackapi

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"scim2slack/scim"
)

// requestForbidden is the ID of an *Error whose request the linter refused. It is ours, not Slack's.
const requestForbidden = "request_forbidden"

// LintError is a request that was refused before the socket because it has no safe meaning in Slack's dialect of SCIM. It
// means a fault in this program: nothing was sent, and sending it again would end the same way.
type LintError struct {
	Method string
	Path   string // below the base URL, without the query
	Rule   string // what is wrong with it
}

func (e *LintError) Error() string {
	return fmt.Sprintf("refused to send %s %s: %s", e.Method, e.Path, e.Rule)
}

// linter is the last line before the socket. It lets through the requests that this package has a reason to make and nothing else,
// whatever the code above believes.
type linter struct {
	next            http.RoundTripper
	scimURL, apiURL string
}

// RoundTrip refuses a forbidden request with a *LintError.
func (l *linter) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		body, err = io.ReadAll(request.Body)
		request.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	path, err := l.check(request, body)
	if err != nil {
		return nil, &LintError{Method: request.Method, Path: path, Rule: err.Error()}
	}
	checked := *request // a RoundTripper must not change its request
	checked.GetBody = nil
	if body != nil {
		checked.Body = io.NopCloser(bytes.NewReader(body))
	}
	return l.next.RoundTrip(&checked)
}

// CloseIdleConnections passes on what http.Client asks of its transport.
func (l *linter) CloseIdleConnections() {
	if next, ok := l.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

func (l *linter) check(request *http.Request, body []byte) (path string, err error) {
	for name := range request.Header {
		// Go's transport replays a POST that has it, and Slack ignores it: the write would happen twice.
		if strings.EqualFold(name, "Idempotency-Key") || strings.EqualFold(name, "X-Idempotency-Key") {
			return request.URL.Path, fmt.Errorf("it has the header %s", name)
		}
	}
	target := *request.URL
	target.RawQuery, target.Fragment = "", ""
	address := target.String()
	if address == l.apiURL+"auth.test" {
		if request.Method != http.MethodPost {
			return "/auth.test", fmt.Errorf("auth.test is a POST")
		}
		return "/auth.test", nil
	}
	path, ok := strings.CutPrefix(address, l.scimURL+"/v2")
	first := false
	if !ok {
		path, first = strings.CutPrefix(address, l.scimURL+"/v1")
	}
	if !ok && !first || !strings.HasPrefix(path, "/") {
		return target.Path, fmt.Errorf("it goes to %s, which is neither Slack's SCIM API nor auth.test", target.Host)
	}
	return path, lintSCIM(request.Method, path, body, first)
}

// lintSCIM checks a SCIM request, of version 1.1 if first is set. path is still escaped.
func lintSCIM(method, path string, body []byte, first bool) error {
	kind, id, one := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if kind != "Users" && kind != "Groups" || one && !validID(id) {
		return fmt.Errorf("the path is none of /Users, /Users/{id}, /Groups and /Groups/{id}")
	}
	switch {
	case method == http.MethodGet || method == http.MethodDelete && kind == "Groups" && one:
		if len(body) > 0 {
			return fmt.Errorf("a %s has no body", method)
		}
		return nil
	case method == http.MethodPut:
		return fmt.Errorf("PUT clears what it does not name: it deactivates users and empties groups")
	case method == http.MethodDelete:
		return fmt.Errorf("only one group can be deleted; a user is deactivated by PATCH")
	case method != http.MethodPost && method != http.MethodPatch || one != (method == http.MethodPatch):
		return fmt.Errorf("no call of ours looks so")
	}
	object, err := parseDocument(body)
	if err != nil {
		return fmt.Errorf("the body is no JSON object: %w", err)
	}
	userSchema, groupSchema := scim.UserSchema, scim.GroupSchema
	if first {
		userSchema, groupSchema = coreV1, coreV1
	}
	switch {
	case method == http.MethodPatch && first:
		return lintPatchV1(kind, object)
	case method == http.MethodPatch:
		return lintPatch(kind, object)
	case kind == "Users":
		return lintNewUser(object, userSchema)
	}
	return lintNewGroup(object, groupSchema)
}

func lintNewUser(user document, schema string) error {
	_, password := user["password"]
	_, hasEmail := primaryOf(user.list("emails"))
	switch {
	case user["active"] != true && user["active"] != false:
		return fmt.Errorf("a new user must say active: true or false")
	case user.text("userName") == "" || !hasEmail:
		return fmt.Errorf("a new user needs a userName and a primary e-mail")
	case user.text("nickName") != user.text("userName"):
		return fmt.Errorf("nickName must equal userName: Slack keeps one value for both")
	case password:
		return fmt.Errorf("a password is never sent")
	}
	return lintSchemas(user, schema)
}

func lintNewGroup(group document, schema string) error {
	if group.text("displayName") == "" {
		return fmt.Errorf("a new group needs a displayName")
	}
	if _, there := group["members"]; there {
		if err := lintMembers(group["members"]); err != nil {
			return err
		}
	}
	return lintSchemas(group, schema)
}

// lintSchemas wants the core schema first and every extension that the body uses.
func lintSchemas(object document, core string) error {
	listed := map[string]bool{}
	for _, urn := range object.strings("schemas") {
		listed[urn] = true
	}
	if !listed[core] {
		return fmt.Errorf("schemas lacks %s", core)
	}
	for name := range object {
		if strings.HasPrefix(name, "urn:") && !listed[name] {
			return fmt.Errorf("schemas lacks %s", name)
		}
	}
	return nil
}

func lintMembers(value any) error {
	members, ok := value.([]any)
	if !ok || len(members) == 0 {
		return fmt.Errorf("members must be a list of at least one")
	}
	for _, m := range members {
		member, _ := m.(map[string]any)
		if len(member) != 1 || !validID(document(member).text("value")) {
			return fmt.Errorf("a member must be a value with the id of one user")
		}
	}
	return nil
}

var slackID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// validID reports whether id can be one of Slack's, which are letters and digits (LIVE). Such an id needs no escaping in
// a path or a filter.
func validID(id string) bool { return slackID.MatchString(id) }
