package slacksim

import (
	"net/http"
	"regexp"
	"strings"
)

// Names of endpoints, as [Fault], [Call] and [Sim.Count] use them. Those that
// have a rate limit of their own are also names of [Options.Limits].
const (
	EndpointGetUser     = "getUser"
	EndpointListUsers   = "listUsers"
	EndpointCreateUser  = "createUser"
	EndpointUpdateUser  = "updateUser" // PUT and PATCH
	EndpointDeleteUser  = "deleteUser"
	EndpointGetGroup    = "getGroup"
	EndpointListGroups  = "listGroups"
	EndpointCreateGroup = "createGroup"
	EndpointUpdateGroup = "updateGroup" // PUT and PATCH
	EndpointDeleteGroup = "deleteGroup"
	EndpointDiscovery   = "discovery" // ServiceProviderConfig, ResourceTypes, Schemas
	EndpointAuthTest    = "auth.test"
	EndpointUsersInfo   = "users.info"
	EndpointUnknown     = "unknown"
)

// route is what a call is about.
type route struct {
	version  version // of the SCIM API; v1 where there is none
	endpoint string
	kind     string // first segment under the version
	id       string // second segment
	web      bool   // of the Web API
	refusal  *apiError
}

// write says whether the call changes a resource.
func (r route) write() bool {
	return strings.HasPrefix(r.endpoint, "create") || strings.HasPrefix(r.endpoint, "update") ||
		strings.HasPrefix(r.endpoint, "delete")
}

// resource is what the call locks, or "" for none.
func (r route) resource() string {
	if r.write() && r.id != "" {
		return r.kind + "/" + r.id
	}
	return ""
}

// public says whether the call needs no token. A bad token is no obstacle to
// the configuration (LIVE); that none is needed at all is INF.
func (r route) public() bool {
	return r.kind == "ServiceProviderConfig" || r.kind == "ServiceProviderConfigs"
}

// userID is what an account's id looks like (CODE).
var userID = regexp.MustCompile(`^[UW][A-Z0-9]+$`)

// routeOf finds the endpoint of a call, or the refusal of one that has none.
func routeOf(method, path string) route {
	if name, ok := strings.CutPrefix(path, "/api/"); ok {
		r := route{version: v1, endpoint: EndpointUnknown, web: true}
		if name == EndpointAuthTest || name == EndpointUsersInfo {
			r.endpoint = name
		}
		return r
	}
	r := route{version: v1, endpoint: EndpointUnknown, refusal: refuse(http.StatusNotFound, "bad_endpoint")}
	rest, ok := strings.CutPrefix(path, "/scim/v1/")
	if !ok {
		if rest, ok = strings.CutPrefix(path, "/scim/v2/"); !ok {
			return r
		}
		r.version = v2
	}
	segments := strings.Split(rest, "/")
	if len(segments) > 2 {
		return r
	}
	r.kind = segments[0]
	if len(segments) == 2 {
		r.id = segments[1]
	}
	switch r.kind {
	case "Users", "Groups":
		r.resourceEndpoint(method)
	case "ServiceProviderConfig", "ServiceProviderConfigs", "ResourceTypes", "Schemas":
		r.discoveryEndpoint(method)
	}
	return r
}

func (r *route) resourceEndpoint(method string) {
	singular := strings.TrimSuffix(r.kind, "s")
	verb := map[string]string{
		http.MethodGet: "get", http.MethodPut: "update", http.MethodPatch: "update", http.MethodDelete: "delete",
	}[method]
	switch {
	case r.id == "" && method == http.MethodGet:
		r.endpoint, r.refusal = "list"+r.kind, nil
	case r.id == "" && method == http.MethodPost:
		r.endpoint, r.refusal = "create"+singular, nil
	case verb == "":
		r.refusal = refuse(http.StatusMethodNotAllowed, "method_not_allowed")
	case r.id == "":
		r.refusal = bad("missing_" + strings.ToLower(singular) + "_id")
	case r.kind == "Users" && !userID.MatchString(r.id):
		r.refusal = bad("cannot_decode_user_id")
	default:
		r.endpoint, r.refusal = verb+singular, nil
	}
}

// discoveryEndpoint knows which documents each version has: /ResourceTypes is
// v2 only (DOC), the whole of /Schemas was only seen on v2 (LIVE).
func (r *route) discoveryEndpoint(method string) {
	if _, ok := r.document(); !ok {
		return
	}
	r.endpoint, r.refusal = EndpointDiscovery, nil
	if method != http.MethodGet {
		r.refusal = refuse(http.StatusMethodNotAllowed, "method_not_allowed")
	}
}
