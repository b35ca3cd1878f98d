package scimhandlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"scim2slack/scim"
	"scim2slack/store"
)

const (
	bulkRequestSchema  = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkResponseSchema = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

	maxBulkOperations = 1000
)

// maxBulkPayload is how many bytes a bulk may have.
var maxBulkPayload = scim.DefaultLimits.Bytes

// bulk is one bulk request (RFC 7644 section 3.7). Its operations are done one after the other, each as the request that it stands
// for, in one transaction of its own; but what another refers to by its bulkId is made first. No operation waits for Slack: its
// outcome is in the status of the resource, as for every change that is answered while there is a backlog.
type bulk struct {
	x            *exchange
	operations   []*bulkOperation
	byID         map[string]*bulkOperation
	failOnErrors int // 0 does them all
	failures     int
	made         []store.Key
}

// bulkOperation is one operation and, when it is done, its answer.
type bulkOperation struct {
	method, bulkID, version, path string
	data                          scim.Object
	needs                         []string // the bulkIds that it refers to

	state   bulkState
	answer  scim.Object
	made    string      // the id of what a POST made
	missing scim.Object // what refers to operations that could not be done before, because they refer to this one
}

type bulkState int

const (
	waiting bulkState = iota
	underWay
	done
)

// bulk answers POST of /Bulk.
func (x *exchange) bulk() error {
	body, err := x.readBody(maxBulkPayload)
	if err != nil {
		return err
	}
	b := &bulk{x: x, byID: map[string]*bulkOperation{}}
	if err := b.read(body); err != nil {
		return err
	}
	for _, op := range b.operations {
		b.run(op)
	}
	b.closeCircles()
	answers := []any{}
	for _, op := range b.operations {
		if op.answer != nil {
			answers = append(answers, op.answer)
		}
	}
	err = x.writeObject(http.StatusOK, scim.Object{"schemas": []any{bulkResponseSchema}, "Operations": answers})
	for _, key := range b.made {
		if err == nil {
			x.h.creations.acknowledge(key)
		}
		x.h.creations.end(key)
	}
	return nil // an error means that the client has gone
}

// read takes the request apart. Nothing is done if it is not understood as a whole.
func (b *bulk) read(body scim.Object) error {
	var list []any
	for name, value := range body {
		switch strings.ToLower(name) {
		case "operations":
			var ok bool
			if list, ok = value.([]any); !ok {
				return scim.Errorf(scim.InvalidSyntax, "Operations must be a list of operations")
			}
		case "failonerrors":
			n, ok := number(value)
			if !ok || n < 1 {
				return scim.Errorf(scim.InvalidValue, "failOnErrors must be a whole number from 1")
			}
			b.failOnErrors = n
		}
	}
	if len(list) == 0 {
		return scim.Errorf(scim.InvalidSyntax, "there are no Operations in the bulk request (schema %s)", bulkRequestSchema)
	}
	if len(list) > maxBulkOperations {
		return &httpError{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf(
			"the bulk request has %d operations, more than the %d that are taken (maxOperations); send it in smaller pieces", len(list), maxBulkOperations)}
	}
	for i, item := range list {
		op, err := readBulkOperation(item)
		if err != nil {
			return scim.Errorf(scim.InvalidSyntax, "operation %d: %s", i+1, err)
		}
		if op.bulkID != "" {
			if b.byID[op.bulkID] != nil {
				return scim.Errorf(scim.InvalidValue, "operation %d: the bulkId %s is that of an earlier operation; give each its own", i+1, shorten(op.bulkID))
			}
			b.byID[op.bulkID] = op
		}
		b.operations = append(b.operations, op)
	}
	return nil
}

func readBulkOperation(item any) (*bulkOperation, error) {
	o, ok := item.(scim.Object)
	if !ok {
		return nil, errors.New("it must be an object")
	}
	op := &bulkOperation{}
	texts := map[string]*string{"method": &op.method, "bulkid": &op.bulkID, "version": &op.version, "path": &op.path}
	for name, value := range o {
		name = strings.ToLower(name)
		if name == "data" {
			if op.data, ok = value.(scim.Object); !ok && value != nil {
				return nil, errors.New("data must be an object")
			}
		}
		if into := texts[name]; into != nil && value != nil {
			if *into, ok = value.(string); !ok {
				return nil, fmt.Errorf("%s must be a text", name)
			}
		}
	}
	op.method = strings.ToUpper(op.method)
	switch {
	case op.method == "" || op.path == "":
		return nil, errors.New("method and path are needed")
	case op.method != http.MethodPost && op.method != http.MethodPut && op.method != http.MethodPatch && op.method != http.MethodDelete:
		return nil, fmt.Errorf("the method %s is not one of POST, PUT, PATCH and DELETE", shorten(op.method))
	case op.method == http.MethodPost && op.bulkID == "":
		return nil, errors.New("a POST needs a bulkId, by which its answer can be told")
	case op.method != http.MethodDelete && op.data == nil:
		return nil, errors.New("data is needed")
	}
	op.needs = op.references()
	return op, nil
}

// number takes a whole number, also as text.
func number(value any) (int, bool) {
	switch v := value.(type) {
	case float64:
		return int(v), v == float64(int(v))
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	return 0, false
}

func (b *bulk) stopped() bool { return b.failOnErrors > 0 && b.failures >= b.failOnErrors }

// run does an operation, after those that it refers to.
func (b *bulk) run(op *bulkOperation) {
	if op.state != waiting {
		return
	}
	op.state = underWay
	for _, id := range op.needs {
		if other := b.byID[id]; other != nil {
			b.run(other)
		}
	}
	if b.stopped() {
		return
	}
	w, err := b.do(op)
	b.note(op, w, err)
	op.state = done
}

// note makes the entry of an operation that was done, or refused.
func (b *bulk) note(op *bulkOperation, w *bulkWriter, err error) {
	op.answer = scim.Object{"method": op.method}
	if op.bulkID != "" {
		op.answer["bulkId"] = op.bulkID
	}
	if err != nil {
		b.failures++
		fault := b.x.blame(err)
		op.answer["status"] = strconv.Itoa(fault.Status)
		op.answer["response"] = errorObject(fault)
		if op.method != http.MethodPost {
			op.answer["location"] = b.x.base + op.path
		}
		return
	}
	op.answer["status"] = strconv.Itoa(w.status)
	if tag := w.header.Get("ETag"); tag != "" {
		op.answer["version"] = tag
	}
	op.answer["location"] = b.x.base + op.path
	if location := w.header.Get("Location"); location != "" {
		op.answer["location"] = location
		op.made = location[strings.LastIndexByte(location, '/')+1:]
	}
}

// do does an operation as the request that it stands for.
func (b *bulk) do(op *bulkOperation) (*bulkWriter, error) {
	path, err := b.resolvePath(op)
	if err != nil {
		return nil, err
	}
	data, missing, err := b.resolve(op, op.data)
	if err != nil {
		return nil, err
	}
	op.path, op.missing = path, missing
	return b.request(op.method, path, op.version, data)
}

// request does one request of the bulk and returns what would have been its answer.
func (b *bulk) request(method, path, version string, data scim.Object) (*bulkWriter, error) {
	address, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || address.RawQuery != "" {
		return nil, scim.Errorf(scim.InvalidPath, "the path %s is none of a resource; it begins with /Users or /Groups", shorten(path))
	}
	r := b.x.r.Clone(b.x.r.Context())
	r.Method, r.Header, r.Body = method, http.Header{}, http.NoBody
	r.URL = &url.URL{Path: Root + address.Path, RawPath: Root + address.EscapedPath()}
	if version != "" {
		r.Header.Set("If-Match", version)
	}
	w := &bulkWriter{header: http.Header{"X-Request-Id": b.x.w.Header()["X-Request-Id"]}}
	x := &exchange{h: b.x.h, w: w, r: r, source: b.x.source, protocol: b.x.protocol, base: b.x.base, part: &bulkPart{data: data}}
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if first != "Users" && first != "Groups" {
		return nil, notFound("an operation is on /Users or /Groups, and not on " + shorten(path))
	}
	methods, err := x.route()
	if err != nil {
		return nil, err
	}
	answer, ok := methods[method]
	if !ok {
		return nil, &httpError{status: http.StatusMethodNotAllowed, detail: "this address takes " + allowed(methods) + " only"}
	}
	if err := answer(); err != nil {
		return nil, err
	}
	if key := x.part.made; key != (store.Key{}) {
		b.x.h.creations.begin(key) // as for a single POST: until the bulk is answered, the same name is a conflict
		b.made = append(b.made, key)
	}
	return w, nil
}

// bulkPart is what makes an exchange part of a bulk: its body is read already, it does not wait for Slack, and its creation is
// acknowledged when the bulk is.
type bulkPart struct {
	data scim.Object
	made store.Key
}

// bulkWriter takes the answer of an operation, of which the bulk tells the status and the headers.
type bulkWriter struct {
	header http.Header
	status int
}

func (w *bulkWriter) Header() http.Header { return w.header }

func (w *bulkWriter) WriteHeader(status int) { w.status = status }

func (w *bulkWriter) Write(p []byte) (int, error) { return len(p), nil }
