package server

import (
	"errors"
	"strings"
)

// The scopes of a token (RFC 6749 section 3.3): what it may be used for here.
const (
	ScopeRead  = "scim.read"  // read and search
	ScopeWrite = "scim.write" // that, and change
)

// ScopeRule says what it means that a token has no scope of ours.
type ScopeRule string

const (
	// ScopesOptional: a token without any scope claim may do all; one that has the claim is held to it.
	ScopesOptional ScopeRule = ""
	// ScopesRequired: a token must have scim.read or scim.write.
	ScopesRequired ScopeRule = "required"
	// ScopesIgnored: the scopes of the issuer mean something else, and every token may do all.
	ScopesIgnored ScopeRule = "ignored"
)

// errScope is for a token that proves a source and may do nothing here. It is answered with 403 (RFC 6750 section 3.1).
var errScope = errors.New("the token has neither the scope scim.read nor scim.write")

// readOnly says whether a token with these claims may only read, or that it may do nothing.
func (r ScopeRule) readOnly(claims map[string]any) (bool, error) {
	if r == ScopesIgnored {
		return false, nil
	}
	read, write, there, err := scopesOf(claims)
	switch {
	case err != nil:
		return false, err
	case write:
		return false, nil
	case read:
		return true, nil
	case !there && r == ScopesOptional:
		return false, nil
	}
	return false, errScope
}

// scopesOf reads scope (RFC 8693 section 4.2) and scp, as other issuers name it: names with spaces between, or a list.
func scopesOf(claims map[string]any) (read, write, there bool, err error) {
	for _, claim := range []string{"scope", "scp"} {
		value, given := claims[claim]
		if !given {
			continue
		}
		there = true
		names, ok := textsOf(value)
		if !ok {
			return false, false, true, errClaims
		}
		for _, name := range names {
			for name := range strings.FieldsSeq(name) {
				read, write = read || name == ScopeRead, write || name == ScopeWrite
			}
		}
	}
	return read, write, there, nil
}

// textsOf returns a text, or those of a list of nothing else.
func textsOf(value any) ([]string, bool) {
	switch v := value.(type) {
	case string:
		return []string{v}, true
	case []any:
		texts := make([]string, len(v))
		for i, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, false
			}
			texts[i] = text
		}
		return texts, true
	}
	return nil, false
}
