package slackapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// page is one page of a list.
type page struct {
	answer
	entries []document
	total   int // totalResults, 0 if Slack did not say
}

func (c *Client) page(ctx context.Context, call call) (page, error) {
	a, err := c.do(ctx, call)
	if err != nil {
		return page{}, err
	}
	values, ok := a.object["Resources"].([]any)
	total, _ := strconv.Atoi(a.object.text("totalResults"))
	if !ok && (a.object == nil || total != 0 || a.object.text("totalResults") == "") {
		return page{}, call.unreadable(a, errors.New("the answer is no list"))
	}
	p := page{answer: a, total: total, entries: make([]document, 0, len(values))}
	for _, v := range values {
		entry, ok := v.(map[string]any)
		if !ok {
			return page{}, call.unreadable(a, errors.New("the list has an entry that is no object"))
		}
		p.entries = append(p.entries, entry)
	}
	return p, nil
}

// lookup makes a call with an exact filter. A full page means that Slack did not apply the filter (its configuration says that
// it supports none: LIVE), and then what is missing on it proves nothing.
func (c *Client) lookup(ctx context.Context, call call) (page, error) {
	p, err := c.page(ctx, call)
	if err == nil && len(p.entries) >= lookupSize {
		err = call.unreadable(p.answer, fmt.Errorf("Slack found %d and more where one was asked for", len(p.entries)))
	}
	return p, err
}

// pageQuery makes the query of a list. Spaces are %20: Slack wants exactly one between the tokens of a filter (DOC), and
// "+" is a space to forms only.
func pageQuery(start, count int, filter string) string {
	query := "startIndex=" + strconv.Itoa(start) + "&count=" + strconv.Itoa(count)
	if filter != "" {
		query += "&filter=" + strings.ReplaceAll(url.QueryEscape(filter), "+", "%20")
	}
	return query
}

// equals makes the filter attribute eq "value".
func equals(attribute, value string) string { return attribute + " eq " + literal(value) }

// equalsPath makes the path attribute[value eq "id"].
func equalsPath(attribute, id string) string { return attribute + "[" + equals("value", id) + "]" }

// literal writes a JSON string, which is what a string literal of a filter must be (RFC 7644 section 3.4.2.2; DOC). It is the only
// way in which a value gets into a filter.
func literal(value string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // a string always can
	return strings.TrimSuffix(b.String(), "\n")
}
