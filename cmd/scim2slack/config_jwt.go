package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"scim2slack/server"
)

// jwtConfig lets a source present JWTs that somebody else signs (docs/jwt.md). The zero value accepts none.
type jwtConfig struct {
	Algorithm, KeyFile, JWKSURL, Issuer, Audience, Type string

	Scopes scopesChoice
	Claims map[string]string

	path string // its own, such as sources[0].jwt
	key  string // the content of the file
}

type scopesChoice string

const (
	scopesOptional scopesChoice = "optional"
	scopesRequired scopesChoice = "required"
	scopesIgnored  scopesChoice = "ignored"
)

// jwtKeys are the keys of one trust. The variables are those of the source named default, and variables is false for one of a list.
func jwtKeys(j *jwtConfig, prefix string, variables bool) []key {
	keys := []key{
		textKey(prefix+"algorithm", "JWT_ALGORITHM", &j.Algorithm, checkAlgorithm),
		textKey(prefix+"keyFile", "JWT_KEY_FILE", &j.KeyFile, notEmpty),
		textKey(prefix+"jwksURL", "JWT_JWKS_URL", &j.JWKSURL, notEmpty),
		textKey(prefix+"issuer", "JWT_ISSUER", &j.Issuer, notEmpty),
		textKey(prefix+"audience", "JWT_AUDIENCE", &j.Audience, notEmpty),
		textKey(prefix+"type", "JWT_TYPE", &j.Type, notEmpty),
		choiceKey(prefix+"scopes", "JWT_SCOPES", &j.Scopes, scopesOptional, scopesRequired, scopesIgnored),
	}
	for i := range keys {
		if !variables {
			keys[i].variable = ""
		}
	}
	return keys
}

// given reports whether anything was said of the trust.
func (j *jwtConfig) given() bool {
	return j.Algorithm+j.KeyFile+j.JWKSURL+j.Issuer+j.Audience+j.Type+string(j.Scopes) != "" || len(j.Claims) > 0
}

// trusts are those of a source: the one mapping, or those of the list.
func (s *sourceConfig) trusts(i int) []*jwtConfig {
	var out []*jwtConfig
	if s.JWT.given() {
		s.JWT.path = sourcePath(i, "jwt")
		out = append(out, &s.JWT)
	}
	return append(out, s.JWTs...)
}

// jwtReaders read jwt of a source: a mapping, or a list of them. prefix stands before the path, with its dot.
func (l *loader) jwtReaders(s *sourceConfig, prefix string) readers {
	each := func(j *jwtConfig, path string) readers {
		r := l.keyReaders(jwtKeys(j, "", false), path+".")
		r[path+".claims"] = func(path string, node ast.Node) { j.Claims = l.readClaims(path, node) }
		return r
	}
	return readers{prefix + "jwt": func(path string, node ast.Node) {
		if _, list := node.(*ast.SequenceNode); !list {
			l.readMapping(node, path, each(&s.JWT, path))
			return
		}
		l.readEach(path, node, "issuer", func(_ int, here string) readers {
			j := &jwtConfig{path: here}
			s.JWTs = append(s.JWTs, j)
			return each(j, here)
		})
	}}
}

// readClaims reads a mapping of the names of claims, which are the issuer's, to texts.
func (l *loader) readClaims(path string, node ast.Node) map[string]string {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		l.report(at(node.GetToken()), path, "is %s: use names of claims with their values below it, such as azp: my-client", describe(node))
		return nil
	}
	claims := map[string]string{}
	for _, entry := range mapping.Values {
		name, place := keyText(entry.Key), at(entry.Key.GetToken())
		value, isText := stringOf(entry.Value)
		_, twice := claims[name]
		switch {
		case name == "" || twice:
			l.report(place, path, "names a claim twice, or with an empty name: name each once")
		case !isText || value == "":
			l.report(at(entry.Value.GetToken()), path, "has %s for a claim: use a text, in quotes if it is a number", describe(entry.Value))
		default:
			claims[name] = value
		}
	}
	return claims
}

// checkTrusts wants each trust of a source complete, and tries it.
func (l *loader) checkTrusts(i int, s *sourceConfig) {
	if s.JWT.given() && len(s.JWTs) > 0 { // the list is in the file, so the others are variables
		l.report(origin{variable: "SCIM2SLACK_JWT_ISSUER"}, sourcePath(i, "jwt"), "the file has a list of issuers: add this one there, or leave out the variables SCIM2SLACK_JWT_...")
		return
	}
	for _, j := range s.trusts(i) {
		if !l.unread(j.path) {
			l.checkTrust(j)
		}
	}
}

func (l *loader) checkTrust(j *jwtConfig) {
	keyIs := "keyFile"
	if j.JWKSURL != "" {
		keyIs = "jwksURL"
	}
	parts := map[string]string{"algorithm": j.Algorithm, keyIs: j.KeyFile + j.JWKSURL, "issuer": j.Issuer, "audience": j.Audience}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if path := j.path + "." + name; parts[name] == "" && !l.faulty(path) {
			l.reportMissing(j.path, path, jwtVariables[name], "is missing: algorithm, keyFile or jwksURL, issuer and audience belong together")
		}
	}
	if l.faulty(j.path) {
		return
	}
	path := j.path + "." + keyIs
	if j.KeyFile != "" && j.JWKSURL != "" {
		l.report(l.origins[path], path, "is given beside keyFile: keep one of the two")
		return
	}
	if j.KeyFile != "" && !l.readKeyFile(path, j) {
		return
	}
	if err := j.settings().Validate(); err != nil {
		l.report(l.origins[path], path, "%s: %v", quoteValue(j.KeyFile+j.JWKSURL), err)
	}
}

// readKeyFile reads the public key, which everybody may know, and tries it.
func (l *loader) readKeyFile(path string, j *jwtConfig) bool {
	key, ok := l.fetch(path, j.KeyFile, func(file string) (string, error) {
		content, err := readConfigFile(file)
		if err != nil {
			return "", fmt.Errorf("cannot be read: %w: name the file of the public key in PEM", err)
		}
		tried := *j
		tried.key = content
		return content, tried.settings().Validate()
	})
	j.key = key
	return ok
}

var jwtVariables = map[string]string{"algorithm": "SCIM2SLACK_JWT_ALGORITHM", "keyFile": "SCIM2SLACK_JWT_KEY_FILE",
	"jwksURL": "SCIM2SLACK_JWT_JWKS_URL", "issuer": "SCIM2SLACK_JWT_ISSUER", "audience": "SCIM2SLACK_JWT_AUDIENCE"}

// checkTrustsDiffer keeps a token from proving two sources.
func (l *loader) checkTrustsDiffer() {
	type held struct {
		source string
		trust  *jwtConfig
	}
	var before []held
	for i, s := range l.config.Sources {
		for _, j := range s.trusts(i) {
			for _, other := range before {
				if a, b := j.settings(), other.trust.settings(); other.source != s.Name && !l.faulty(j.path, other.trust.path) && (a.Covers(*b) || b.Covers(*a)) {
					l.report(l.origins[j.path], j.path, "accepts the same tokens as that of the source %s, so nobody could tell whose they are: require a claim that differs, such as claims: {azp: NAME}",
						quote(other.source))
				}
			}
			before = append(before, held{s.Name, j})
		}
	}
}

func (j *jwtConfig) settings() *server.JWT {
	rule := server.ScopesOptional
	switch j.Scopes {
	case scopesRequired:
		rule = server.ScopesRequired
	case scopesIgnored:
		rule = server.ScopesIgnored
	}
	return &server.JWT{Algorithm: j.Algorithm, Key: []byte(j.key), KeysURL: j.JWKSURL, Issuer: j.Issuer, Audience: j.Audience, Claims: j.Claims, Type: j.Type,
		Scopes: rule}
}

// describe shows a trust of a list in one line.
func (j *jwtConfig) describe() string {
	words := []string{j.Issuer, "for " + j.Audience, j.Algorithm + " by " + j.KeyFile + j.JWKSURL}
	for _, name := range slices.Sorted(maps.Keys(j.Claims)) {
		words = append(words, fmt.Sprintf("%s is %s", name, j.Claims[name]))
	}
	if j.Type != "" {
		words = append(words, "type "+j.Type)
	}
	if j.Scopes != "" {
		words = append(words, "scopes "+string(j.Scopes))
	}
	return strings.Join(words, ", ")
}

// trustCredentials are the credentials of the i-th source that are JWTs.
func (s *sourceConfig) trustCredentials(i int) []server.Credential {
	var out []server.Credential
	for n, j := range s.trusts(i) {
		name := "jwt"
		if n > 0 {
			name = fmt.Sprintf("jwt-%d", n+1)
		}
		out = append(out, server.Credential{Source: s.Name, Name: name, ReadOnly: s.ReadOnly, JWT: j.settings()})
	}
	return out
}
