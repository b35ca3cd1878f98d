package server

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Whoever calls chooses the method, the path and, by what they send, perhaps the text of a panic. Some of them put tokens and the addresses of people
// where an id belongs. So a log shows what is known to be neither.

// hidden stands for what a log does not show.
const hidden = "*"

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

func shownMethod(method string) string {
	if slices.Contains(methods, method) {
		return method
	}
	return hidden
}

// words are the segments of paths that mean something here.
var words = []string{"", "scim", "v1", "v2", "Users", "Groups", "Me", "Bulk", ".search", "Schemas", "ResourceTypes", "ServiceProviderConfig", "ServiceProviderConfigs",
	"oauth", "token"}

// mostSegments is more than any path here has.
const mostSegments = 8

// shownPath shows the words of a path that mean something here, and ids of ours.
func shownPath(path string) string {
	segments := strings.SplitN(path, "/", mostSegments+1)
	for i, segment := range segments {
		if !slices.Contains(words, segment) && !isID(segment) {
			segments[i] = hidden
		}
	}
	return strings.Join(segments, "/")
}

func isID(segment string) bool {
	return len(segment) == 36 && uuid.Validate(segment) == nil
}

// shownPanic shows the errors of the runtime, which hold types and numbers. Of anything else it shows the type.
func shownPanic(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", p)
}
