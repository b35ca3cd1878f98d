package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"scim2slack/scim"
)

// pusher is a provisioning client that speaks as PingFederate's SCIM 2.0 provisioner does: a probe, a search, then POST or a
// PUT with everything; groups by PATCH of their members.
type pusher struct {
	base, token string
	ids         map[string]string // of what was pushed, by userName and by the name of the group
}

func newPusher(base, token string) *pusher {
	return &pusher{base: base, token: token, ids: map[string]string{}}
}

// send makes one request and returns the answer. A status that is not wanted is an error.
func (p *pusher) send(ctx context.Context, method, path string, body scim.Object, want ...int) (scim.Object, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.base+path, bytes.NewReader(scim.AppendJSON(nil, body)))
	if err != nil {
		return nil, err
	}
	if body == nil {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Content-Type", "application/scim+json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	for _, status := range want {
		if answer.StatusCode == status {
			if len(raw) == 0 {
				return nil, nil
			}
			return scim.Decode(raw, scim.DefaultLimits)
		}
	}
	return nil, fmt.Errorf("%s %s was answered with %s: %s", method, path, answer.Status, raw)
}

// pushUser creates or replaces a person.
func (p *pusher) pushUser(ctx context.Context, e *employee) error {
	if _, err := p.send(ctx, http.MethodGet, "/Users/0", nil, http.StatusNotFound); err != nil { // PingFederate's probe
		return err
	}
	if id := p.ids[e.userName]; id != "" {
		_, err := p.send(ctx, http.MethodPut, "/Users/"+id, e.document(), http.StatusOK)
		return err
	}
	return p.push(ctx, "/Users", "userName", e.userName, e.document())
}

// pushGroup creates a group with its members, or replaces it.
func (p *pusher) pushGroup(ctx context.Context, name string, members []string) error {
	list := []any{}
	for _, m := range members {
		list = append(list, scim.Object{"value": p.ids[m]})
	}
	return p.push(ctx, "/Groups", "displayName", name, scim.Object{"schemas": []any{scim.GroupSchema}, "displayName": name, "members": list})
}

// push searches first and then creates or replaces.
func (p *pusher) push(ctx context.Context, endpoint, attribute, name string, document scim.Object) error {
	query := "?filter=" + url.QueryEscape(attribute+" eq "+scim.Quote(name))
	found, err := p.send(ctx, http.MethodGet, endpoint+query, nil, http.StatusOK)
	if err != nil {
		return err
	}
	method, path, status := http.MethodPost, endpoint, http.StatusCreated
	if hits := found.List("Resources"); len(hits) == 1 {
		hit, _ := hits[0].(scim.Object)
		method, path, status = http.MethodPut, endpoint+"/"+hit.String("id"), http.StatusOK
	}
	answer, err := p.send(ctx, method, path, document, status)
	if err == nil {
		p.ids[name] = answer.String("id")
	}
	return err
}

// patchGroup sends operations on a group.
func (p *pusher) patchGroup(ctx context.Context, name string, operations ...any) error {
	_, err := p.send(ctx, http.MethodPatch, "/Groups/"+p.ids[name], scim.Object{"schemas": []any{scim.PatchSchema}, "Operations": operations},
		http.StatusOK, http.StatusNoContent)
	return err
}
