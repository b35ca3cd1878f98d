package slacksim

import (
	_ "embed"
	"encoding/json"
	"net/http"
)

// Documents as Slack sends them (LIVE, verbatim). The User schema of v2 is
// malformed: after roles, parts of the extensions stand as loose scalars among
// the attributes.
var (
	//go:embed testdata/live/fixture-v1_service_provider_configs.json
	serviceProviderConfig []byte
	//go:embed testdata/live/v2_ResourceTypes.json
	resourceTypes []byte
	//go:embed testdata/live/v2_Schemas_ListResponse.json
	schemas2 []byte
	//go:embed testdata/live/v1_Schemas_Users.json
	userSchema1 []byte
	//go:embed testdata/live/v1_Schemas_Groups.json
	groupSchema1 []byte
)

// document returns the discovery document at a path. The configuration is the
// same in both versions, singular or plural, and denies that filters work,
// which they do (LIVE). Single schemas are at Users and Groups rather than at
// their URNs (DOC).
func (r route) document() ([]byte, bool) {
	path := r.kind
	if r.id != "" {
		path += "/" + r.id
	}
	switch {
	case path == "ServiceProviderConfig", path == "ServiceProviderConfigs":
		return serviceProviderConfig, true
	case path == "Schemas/Users" && r.version == v1:
		return userSchema1, true
	case path == "Schemas/Groups" && r.version == v1:
		return groupSchema1, true
	case r.version == v1:
		return nil, false
	case path == "ResourceTypes":
		return resourceTypes, true
	case path == "Schemas":
		return schemas2, true
	case path == "Schemas/Users":
		return schemaOf(0), true
	case path == "Schemas/Groups":
		return schemaOf(1), true
	}
	return nil, false
}

// schemaOf cuts one schema out of the list of v2.
func schemaOf(i int) []byte {
	var list struct{ Resources []json.RawMessage }
	if err := json.Unmarshal(schemas2, &list); err != nil || i >= len(list.Resources) {
		panic("slacksim: the recorded schemas are damaged")
	}
	return list.Resources[i]
}

func (c *call) discover() (*answer, *apiError) {
	doc, ok := c.document()
	if !ok {
		return nil, refuse(http.StatusNotFound, "bad_endpoint")
	}
	return rawAnswer(http.StatusOK, doc), nil
}
