package admin

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"scim2slack/store"
)

// A token of ours is recognised, and one with a mistake in it is told from one that is not known.
func TestTokenText(t *testing.T) {
	form, seen := regexp.MustCompile(`^s2s_[0-9A-Za-z]{49}$`), map[string]bool{}
	for range 1000 {
		text := newTokenText()
		if !form.MatchString(text) || seen[text] || CheckTokenText(text) != nil {
			t.Fatalf("%q", text)
		}
		seen[text] = true
	}
	text := newTokenText()
	for i := len(tokenPrefix); i < len(text); i++ {
		other := byte('0')
		if text[i] == other {
			other = '1'
		}
		if CheckTokenText(text[:i]+string(other)+text[i+1:]) == nil {
			t.Errorf("a mistake in letter %d is not noticed", i)
		}
	}
	for _, wrong := range []string{text[:len(text)-1], text + "0", tokenPrefix, tokenPrefix + strings.Repeat("ä", 25)} {
		if CheckTokenText(wrong) == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
	if err := CheckTokenText("a-token-of-somebody-else"); err != nil {
		t.Error(err)
	}
}

// What fails changes nothing that counts, and says so; there is an end to how many there may be.
func TestSourceTokensFail(t *testing.T) {
	f := newFixture(t, adminToken)
	var list []store.Token
	for i := range mostTokens {
		list = append(list, store.Token{ID: fmt.Sprint(i), Name: fmt.Sprint("n", i), Source: "default", Hash: make([]byte, 32)})
	}
	list[0].Source, list[1].Expires = "gone", time.Now()
	list[2].LastUse, list[3].LastUse = time.Unix(3600, 0).UTC(), time.Unix(7200, 0).UTC()
	f.loop.used = map[string]time.Time{"2": time.Unix(7200, 0).UTC(), "3": time.Unix(3600, 0).UTC()}
	f.update(func(tx store.Tx) error { return store.PutTokens(tx, list) })
	var answer SourceTokenList
	if got := f.ask(f.handler.TCP(), "GET", "/admin/v1/tokens", "Bearer "+adminToken, &answer); got != 200 || len(answer.Tokens) != mostTokens {
		t.Fatalf("%d, %d tokens", got, len(answer.Tokens))
	}
	for i, want := range []TokenRow{{Idle: "the source is not configured"}, {Idle: "expired"}, {LastUse: time.Unix(7200, 0)}, {LastUse: time.Unix(7200, 0)}, {}} {
		if got := answer.Tokens[i]; got.Idle != want.Idle || !got.LastUse.Equal(want.LastUse) {
			t.Errorf("token %d: %+v", i, got)
		}
	}
	var told Error
	if got := f.ask(f.handler.TCP(), "POST", "/admin/v1/tokens?source=default", "Bearer "+adminToken, &told); got != 409 || !strings.Contains(told.Error, "1000") {
		t.Errorf("one too many: %d %s", got, told.Error)
	}
	if f.loop.refreshed != 0 {
		t.Error("what was refused is put in force")
	}
	f.loop.refresh = errors.New("the inside")
	if got := f.ask(f.handler.TCP(), "POST", "/admin/v1/tokens/revoke?who=n7", "Bearer "+adminToken, &told); got != 500 || strings.Contains(told.Error, "inside") {
		t.Errorf("a revocation that does not count: %d %s", got, told.Error)
	}
	// An id is found before a name that looks like it.
	f.loop.refresh = nil
	f.update(func(tx store.Tx) error {
		return store.PutTokens(tx, []store.Token{{ID: "a", Name: "b"}, {ID: "b", Name: "c"}})
	})
	var row TokenRow
	if got := f.ask(f.handler.TCP(), "POST", "/admin/v1/tokens/revoke?who=b", "Bearer "+adminToken, &row); got != 200 || row.ID != "b" {
		t.Errorf("%d %+v", got, row)
	}
	f.update(func(tx store.Tx) error { return tx.PutSetting("tokens", []byte("{")) })
	if got := f.ask(f.handler.TCP(), "GET", "/admin/v1/tokens", "Bearer "+adminToken, &told); got != 500 {
		t.Errorf("a list that cannot be read: %d", got)
	}
}
