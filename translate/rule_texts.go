package translate

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
)

// maxResult is how many bytes the functions give at most that can make much of little. Else a person whose values are as long as a request may be
// could take all memory, by a rule that looks innocent.
const maxResult = 64 << 10

// textFunctions are the functions of the language that can make much of little, with bounds.
func textFunctions() []expr.Option {
	return []expr.Option{
		expr.Function("replace", func(p ...any) (any, error) {
			limit := -1
			if len(p) > 3 {
				limit = p[3].(int)
			}
			return replaceText(p[0].(string), p[1].(string), p[2].(string), limit)
		}, strings.Replace, strings.ReplaceAll),
		expr.Function("split", func(p ...any) (any, error) {
			limit := -1
			if len(p) > 2 {
				limit = p[2].(int)
			}
			return splitText(p[0].(string), p[1].(string), limit)
		}, strings.Split, strings.SplitN),
		expr.Function("join", func(p ...any) (any, error) {
			separator := ""
			if len(p) > 1 {
				separator = p[1].(string)
			}
			return joinTexts(p[0], separator)
		}, strings.Join, new(func([]string) string), new(func([]any, string) string), new(func([]any) string)),
		expr.Function("string", func(p ...any) (any, error) { return plainValueText(p[0]) }, new(func(any) string)),
	}
}

func replaceText(text, old, replacement string, limit int) (string, error) {
	count := strings.Count(text, old)
	if limit >= 0 {
		count = min(count, limit)
	}
	if more := len(replacement) - len(old); more > 0 && count > (maxResult-len(text))/more {
		return "", tooLong("replace")
	}
	return strings.Replace(text, old, replacement, limit), nil
}

func splitText(text, separator string, limit int) ([]string, error) {
	if limit < 0 || limit > maxList {
		limit = maxList + 1
	}
	parts := strings.SplitN(text, separator, limit)
	if len(parts) > maxList {
		return nil, fmt.Errorf("split would give more than %d parts", maxList)
	}
	return parts, nil
}

func joinTexts(list any, separator string) (string, error) {
	texts, ok := list.([]string)
	if !ok {
		for _, v := range list.([]any) {
			texts = append(texts, v.(string))
		}
	}
	size := len(separator) * max(0, len(texts)-1)
	for _, t := range texts {
		size += len(t)
	}
	if size > maxResult {
		return "", tooLong("join")
	}
	return strings.Join(texts, separator), nil
}

// plainValueText writes a single value as a text. A list within lists has no text that anybody could want.
func plainValueText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int, float64, bool:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("string wants a text, a number, true or false")
}

func tooLong(function string) error {
	return fmt.Errorf("%s would give more than %d bytes", function, maxResult)
}
