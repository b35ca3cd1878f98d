package scimhandlers

import (
	"net/http"
	"strconv"
	"strings"

	"scim2slack/scim"
)

// question is what a list is asked for, by the parameters of a URL or by a SearchRequest (RFC 7644 sections 3.4.2 and 3.4.3).
type question struct {
	kinds        []*kindQuestion // one for each resource type that is asked about
	descending   bool
	sorted       bool
	start, count int       // index paging: the first position, from 1, and how many
	cursor       *position // cursor paging: after which resource; nil pages by index
	seal         string    // the words that a cursor belongs to
}

// kindQuestion is a question as one resource type understands it.
type kindQuestion struct {
	*resourceType
	filter     *scim.Filter // nil for all
	sortBy     *scim.SortBy // nil if the type has no such attribute
	projection scim.Projection
}

// list answers GET of users, groups or both, oldest first unless sorted. Only resources that the source itself pushed are ever in a list.
func (x *exchange) list(kinds ...*resourceType) error {
	q, err := x.query()
	if err != nil {
		return err
	}
	return x.find(q, kinds)
}

// find answers a question.
func (x *exchange) find(q query, kinds []*resourceType) error {
	asked, err := x.ask(q, kinds)
	if err != nil {
		return err
	}
	buffer := x.h.pages.Get().(*[]byte)
	s := &search{x: x, question: asked, page: append((*buffer)[:0], make([]byte, headRoom)...)}
	defer func() {
		if *buffer = s.page; cap(s.page) <= keptPage {
			x.h.pages.Put(buffer)
		}
	}()
	if err := x.h.cfg.Store.View(x.r.Context(), s.run); err != nil {
		return err
	}
	head, err := s.head()
	if err != nil {
		return err
	}
	s.page = append(s.page, "]}"...)
	body := s.page[headRoom-len(head):]
	copy(body, head)
	_ = x.write(http.StatusOK, body) // an error means that the client has gone
	return nil
}

// headRoom is how many bytes stand before the resources of a page at the most: with a cursor of the greatest length, less than this. Head
// and resources lie in one buffer, for two writes would be two packets.
const headRoom = maxCursor + 256

// keptPage is how large a buffer may be, in bytes, to be kept for the next page.
const keptPage = 1 << 20

// ask understands a question. What only one of several types knows has no value in the others; what none knows is an error.
func (x *exchange) ask(q query, kinds []*resourceType) (asked *question, err error) {
	asked = &question{sorted: strings.TrimSpace(q["sortby"]) != ""}
	var filterFault, sortFault error
	filters, sorts := 0, 0
	for _, t := range kinds {
		k := &kindQuestion{resourceType: t}
		if k.projection, err = q.projection(t); err != nil {
			return nil, err
		}
		if k.filter, err = q.filter(); err != nil {
			return nil, err
		}
		if k.filter != nil {
			if err := k.filter.Check(t.schema); err != nil {
				filterFault = err
				filters--
			}
			filters++
		}
		if asked.sorted {
			if k.sortBy, err = scim.ParseSortBy(q["sortby"], t.schema); err != nil {
				sortFault = err
			} else {
				sorts++
			}
		}
		asked.kinds = append(asked.kinds, k)
	}
	if filters == 0 && filterFault != nil {
		return nil, filterFault
	}
	if sorts == 0 && sortFault != nil {
		return nil, sortFault
	}
	if asked.descending, err = q.descending(); err != nil {
		return nil, err
	}
	return asked, x.paging(q, asked)
}

// paging understands which part of the answer is asked for.
func (x *exchange) paging(q query, asked *question) (err error) {
	text, byCursor := q["cursor"]
	if !byCursor {
		asked.start, asked.count, err = q.page()
		return err
	}
	if strings.TrimSpace(q["startindex"]) != "" {
		return scim.Errorf(scim.InvalidValue, "startIndex and cursor are two ways of paging; give one of them")
	}
	asked.start = 1
	if asked.count, err = q.integer("count", defaultCount); err != nil || asked.count < 1 || asked.count > maxCount {
		return scim.Errorf(scim.InvalidCount, "with a cursor, count must be a whole number from 1 to %d", maxCount)
	}
	asked.seal = strings.Join([]string{x.source.Name, asked.names(), q["filter"], strings.ToLower(q["sortby"]), strconv.FormatBool(asked.descending)}, "\x00")
	asked.cursor, err = x.h.openCursor(x.r.Context(), text, asked.seal)
	return err
}

func (asked *question) names() string {
	var names []string
	for _, k := range asked.kinds {
		names = append(names, string(k.kind))
	}
	return strings.Join(names, ",")
}

// descending reads sortOrder; ascending is the default.
func (q query) descending() (bool, error) {
	switch order := strings.ToLower(strings.TrimSpace(q["sortorder"])); order {
	case "", "ascending":
		return false, nil
	case "descending":
		return true, nil
	default:
		return false, scim.Errorf(scim.InvalidValue, "sortOrder must be ascending or descending, not %s", shorten(strconv.Quote(order)))
	}
}
