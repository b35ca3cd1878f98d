package scimhandlers

import (
	"strings"

	scimerrors "github.com/elimity-com/scim/errors"

	"scim2slack/dialect"
	"scim2slack/scim"
)

// protocol is in what the versions of SCIM differ. The resources, and all that happens to them, are the same.
type protocol struct {
	root string
	// discovery finds what answers an address that is none of a resource; nil if there is nothing.
	discovery func(x *exchange, path []string) func() error
	queries   bool // .search, Bulk, Me and questions to the root
	override  bool // X-HTTP-Method-Override of a POST counts
	// forgiving answers the DELETE of what is not there as if it had been there.
	forgiving bool
	profile   dialect.Profile // what the version demands of every source
	// patch turns the body of a PATCH into that of SCIM 2.0.
	patch func(t *resourceType, body scim.Object) (scim.Object, error)
	// resource turns the answer of a resource into that of the version; nil leaves it.
	resource   func(o scim.Object) scim.Object
	listSchema string
	fault      func(e scimerrors.ScimError) scim.Object
	mediaType  func(x *exchange) string
}

var (
	v2 = &protocol{
		root: Root, discovery: (*exchange).routeDiscovery, queries: true,
		patch:      func(_ *resourceType, body scim.Object) (scim.Object, error) { return body, nil },
		listSchema: scim.ListSchema, fault: errorObject, mediaType: (*exchange).answerType,
	}
	v1 = &protocol{
		root: RootV1, discovery: (*exchange).routeDiscoveryV1, override: true, forgiving: true, profile: profileV1,
		patch: patchV1, resource: resourceV1, listSchema: coreV1, fault: errorV1,
		mediaType: func(*exchange) string { return "application/json" },
	}
)

// protocolOf finds the version by the path.
func protocolOf(path string) *protocol {
	if rest, ok := strings.CutPrefix(path, RootV1); ok && (rest == "" || rest[0] == '/') {
		return v1
	}
	return v2
}

// present makes a resource what the version answers.
func (p *protocol) present(o scim.Object) scim.Object {
	if p.resource == nil {
		return o
	}
	return p.resource(o)
}
