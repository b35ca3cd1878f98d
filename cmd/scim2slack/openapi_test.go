package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// spec is openapi.yaml, read once.
var spec = sync.OnceValues(func() (routers.Router, error) {
	raw, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	document, err := loader.LoadFromData(raw)
	if err != nil {
		return nil, err
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, err
	}
	openapi3filter.RegisterBodyDecoder("application/scim+json", openapi3filter.JSONBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/json", openapi3filter.JSONBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/x-ndjson", openapi3filter.PlainBodyDecoder)
	return gorillamux.NewRouter(document)
})

// checkAnswer compares a live answer with openapi.yaml. Each test that goes through gateway.do checks all of its answers.
func checkAnswer(t testing.TB, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	router, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	// The router wants the path as the client meant it, without the host.
	lookup := r.Clone(context.Background())
	lookup.URL.Host, lookup.URL.Scheme, lookup.Host = "", "", ""
	route, params, err := router.FindRoute(lookup)
	if err != nil {
		if w.Code < 400 {
			t.Errorf("%s %s is answered with %d and is not in openapi.yaml: %v", r.Method, r.URL.Path, w.Code, err)
		}
		return
	}
	input := &openapi3filter.RequestValidationInput{Request: lookup, PathParams: params, Route: route}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		t.Errorf("%s %s, answer %d differs from openapi.yaml: %v", r.Method, r.URL.Path, w.Code, strings.SplitN(err.Error(), "\nSchema:", 2)[0])
	}
}

func TestOpenAPIIsValid(t *testing.T) {
	if _, err := spec(); err != nil {
		t.Fatal(err)
	}
}
