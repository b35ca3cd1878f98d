package scim

// afford counts what a change will compare with the elements that are there, before it does: each of them with each term of the filter, or
// with each element that is added or removed, and that with those that were added before it. It returns a *TooManyError
// when the PATCH exceeds MaxComparisons.
func (p *patcher) afford(c *change, items []any) error {
	there, wanted := textWeight(items), 1
	switch {
	case c.path.Filter != nil:
		wanted = c.path.Filter.weight()
	case c.target.Sub == nil && c.value != nil && c.kind != OpReplace:
		wanted = textWeight(c.value)
		if c.kind == OpAdd {
			there += wanted
		}
	}
	if left := MaxComparisons - p.comparisons; wanted > 0 && there > left/wanted {
		return &TooManyError{What: "comparisons of values", Count: p.comparisons + there*wanted, Limit: MaxComparisons}
	}
	p.comparisons += there * wanted
	return nil
}

// textWeight is how many comparisons it counts as to compare a value: 1 for each element of a list, and 1 for each 64 bytes of text.
func textWeight(value any) int {
	const unit = 64
	switch v := value.(type) {
	case string:
		return 1 + len(v)/unit
	case []any:
		sum := 0
		for _, element := range v {
			sum += textWeight(element)
		}
		return sum
	case Object:
		bytes := 0
		for _, part := range v {
			if text, ok := part.(string); ok {
				bytes += len(text)
			}
		}
		return 1 + bytes/unit
	}
	return 1
}

// weight is how many comparisons it counts as to evaluate the filter on an element.
func (f *Filter) weight() int {
	if len(f.Terms) == 0 {
		return textWeight(f.Value)
	}
	sum := 0
	for _, term := range f.Terms {
		sum += term.weight()
	}
	return sum
}
