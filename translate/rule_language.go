package translate

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
)

// builtins are the functions of the language that rules may use: they are pure, and none makes much of little.
var builtins = []string{"all", "any", "none", "one", "filter", "map", "find", "count", "len", "int", "lower", "upper", "trim",
	"trimPrefix", "trimSuffix", "indexOf", "lastIndexOf", "first", "last", "uniq", "sort"}

// language is what every expression is compiled with.
func language(sample map[string]any) []expr.Option {
	options := []expr.Option{expr.Env(sample), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins()}
	for _, name := range builtins {
		options = append(options, expr.EnableBuiltin(name))
	}
	text := func(name string, of func(string) string) {
		options = append(options, expr.Function(name, func(params ...any) (any, error) { return of(params[0].(string)), nil }, new(func(string) string)))
	}
	text("local", localPart)
	text("domain", domainPart)
	text("cn", commonName)
	options = append(options, textFunctions()...)
	return append(options,
		expr.Function("firstOf", func(params ...any) (any, error) {
			for _, p := range params {
				if s, _ := p.(string); s != "" {
					return s, nil
				}
			}
			return "", nil
		}, new(func(...string) string)),
		expr.Function("lookup", func(params ...any) (any, error) {
			table, ok := params[0].(map[string]any)
			if !ok {
				return nil, fmt.Errorf("lookup wants a table such as {\"DE\": \"Europe/Berlin\"}")
			}
			value, found := table[params[1].(string)]
			if !found {
				return params[2], nil
			}
			s, ok := value.(string)
			if !ok {
				return nil, fmt.Errorf("the table has no text for %q", params[1])
			}
			return s, nil
		}, new(func(map[string]any, string, string) string)),
	)
}

// domainPart returns the part of an e-mail after the @, and "" of anything else.
func domainPart(s string) string {
	if !plausible(s) {
		return ""
	}
	return s[strings.LastIndexByte(s, '@')+1:]
}

// commonName returns the first CN of a distinguished name (RFC 4514 section 2.4, its escapes undone), and any other text as it is.
func commonName(s string) string {
	text := strings.TrimSpace(s)
	if len(text) < 3 || !strings.EqualFold(text[:3], "cn=") {
		return s
	}
	var b strings.Builder
	for i := 3; i < len(text); i++ {
		switch c := text[i]; {
		case c == ',' || c == '+' || c == ';':
			return strings.TrimSpace(b.String())
		case c == '\\' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			b.WriteByte(unhex(text[i+1])<<4 | unhex(text[i+2]))
			i += 2
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(b.String(), ""))
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
