package scimhandlers

import (
	"net/http"
	"strings"

	"scim2slack/scim"
)

const serviceProviderConfigSchema = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"

// discovery holds the documents for one base URL. Making them takes a millisecond, and the base URL hardly ever changes.
type discovery struct {
	base          string
	schemas       []scim.Object
	resourceTypes []scim.Object
}

func (x *exchange) discovered() *discovery {
	d := x.h.discovery.Load()
	if d == nil || d.base != x.base {
		d = &discovery{base: x.base, schemas: scim.SchemaDocuments(x.base), resourceTypes: scim.ResourceTypeDocuments(x.base)}
		x.h.discovery.Store(d)
	}
	return d
}

// routeDiscovery finds what answers an address of discovery (RFC 7644 section 4); nil if there is nothing.
func (x *exchange) routeDiscovery(path []string) func() error {
	one := func(docs []scim.Object) func() error {
		switch len(path) {
		case 1:
			return func() error { return x.documents(docs) }
		case 2:
			for _, doc := range docs {
				if strings.EqualFold(doc.String("id"), path[1]) {
					return func() error { return x.writeDocument(doc) }
				}
			}
		}
		return nil
	}
	switch path[0] {
	case "ServiceProviderConfig", "ServiceProviderConfigs": // the latter is its name in SCIM 1.1, which some clients kept
		if len(path) == 1 {
			return func() error { return x.writeDocument(x.serviceProviderConfig()) }
		}
	case "ResourceTypes":
		return one(x.discovered().resourceTypes)
	case "Schemas":
		return one(x.discovered().schemas)
	}
	return nil
}

// documents answers a list of discovery. It cannot be filtered: RFC 7644 section 4 demands 403.
func (x *exchange) documents(docs []scim.Object) error {
	q, err := x.query()
	if err != nil {
		return err
	}
	if q["filter"] != "" {
		return &httpError{status: http.StatusForbidden, detail: "what is offered cannot be filtered (RFC 7644 section 4)"}
	}
	list := make([]any, len(docs))
	for i, doc := range docs {
		list[i] = doc
	}
	_ = x.writeList(len(list), 1, list) // an error means that the client has gone
	return nil
}

func (x *exchange) writeDocument(doc scim.Object) error {
	_ = x.writeObject(http.StatusOK, doc) // an error means that the client has gone
	return nil
}

// serviceProviderConfig says what is offered, and nothing that is not (RFC 7643 section 5).
func (x *exchange) serviceProviderConfig() scim.Object {
	supported := func(yes bool) scim.Object { return scim.Object{"supported": yes} }
	return scim.Object{
		"schemas":        []any{serviceProviderConfigSchema},
		"patch":          supported(true),
		"bulk":           scim.Object{"supported": true, "maxOperations": float64(maxBulkOperations), "maxPayloadSize": float64(maxBulkPayload)},
		"filter":         scim.Object{"supported": true, "maxResults": float64(maxCount)},
		"changePassword": supported(false),
		"sort":           supported(true),
		"etag":           supported(true),
		"pagination": scim.Object{ // RFC 9865 section 4; cursors do not expire
			"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": float64(defaultCount), "maxPageSize": float64(maxCount),
		},
		"authenticationSchemes": []any{scim.Object{
			"type": "oauthbearertoken", "name": "OAuth Bearer Token", "primary": true,
			"description": "A bearer token in the Authorization header. It names the source.",
			"specUri":     "https://www.rfc-editor.org/info/rfc6750",
		}},
		"meta": scim.Object{"resourceType": "ServiceProviderConfig", "location": x.base + "/ServiceProviderConfig"},
	}
}
