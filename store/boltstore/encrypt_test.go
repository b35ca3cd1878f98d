package boltstore

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"scim2slack/scim"
	"scim2slack/store"
	"scim2slack/store/storetest"
)

// testKey returns the n-th key of the tests.
func testKey(t testing.TB, n byte) Key {
	t.Helper()
	return numberedKeys(strconv.Itoa(int(n)))[0]
}

// numberedKeys returns the keys of numbers with commas between; none for "".
func numberedKeys(numbers string) (keys []Key) {
	for text := range strings.FieldsFuncSeq(numbers, func(r rune) bool { return r == ',' }) {
		n, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			panic(err)
		}
		k, err := ParseKey(hex.EncodeToString(bytes.Repeat([]byte{byte(n)}, 32)))
		if err != nil {
			panic(err)
		}
		keys = append(keys, k)
	}
	return keys
}

func TestConformanceEncrypted(t *testing.T) {
	key := testKey(t, 1)
	storetest.Run(t, func(t *testing.T) store.Store {
		return openTest(t, testPath(t), Options{NoSync: true, Sealer: storetest.Sealer, Keys: []Key{key}})
	})
}

// The same while a key replaces another, for as long as the suite runs.
func TestConformanceWhileAKeyIsReplaced(t *testing.T) {
	first, second := testKey(t, 1), testKey(t, 2)
	storetest.Run(t, func(t *testing.T) store.Store {
		path := testPath(t)
		if err := openTest(t, path, Options{NoSync: true, Sealer: storetest.Sealer, Keys: []Key{first}}).Close(); err != nil {
			t.Fatal(err)
		}
		return openTest(t, path, Options{NoSync: true, Sealer: storetest.Sealer, Keys: []Key{second, first}, renewNever: true})
	})
}

func TestParseKey(t *testing.T) {
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = byte(255 - i)
	}
	want, err := ParseKey(hex.EncodeToString(raw))
	if err != nil || !bytes.Equal(want.secret[:], raw) || len(want.ID()) != 8 {
		t.Fatalf("got %v, %v", want, err)
	}
	for _, text := range []string{
		strings.ToUpper(hex.EncodeToString(raw)), base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
	} {
		if got, err := ParseKey(text); err != nil || got.id != want.id || *got.secret != *want.secret {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "secret-secret", hex.EncodeToString(raw[:31]), base64.StdEncoding.EncodeToString(raw[:16]),
		base64.StdEncoding.EncodeToString(append(raw, 0)), hex.EncodeToString(raw) + "zz"} {
		if _, err := ParseKey(text); err == nil || text != "" && strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "openssl rand -base64 32") {
			t.Errorf("%q: got error %v", text, err)
		}
	}
}

func TestAKeyShowsItsIDAlone(t *testing.T) {
	k := testKey(t, 0xA7)
	text, err := k.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprintf("%v|%+v|%#v|%s|%x|%X|%q|%d", k, k, k, k, k, k, k, k), fmt.Sprint([]Key{k}), fmt.Sprint(&k), k.ID() + fmt.Sprintf("%v %+v %#v", struct{ hidden []Key }{[]Key{k}}, struct{ k Key }{k}, struct{ k Key }{k}), string(text)} {
		if strings.Contains(strings.ToLower(shown), "a7a7") || strings.Contains(shown, "167") || !strings.Contains(shown, k.ID()) {
			t.Errorf("shown as %s", shown)
		}
	}
}

// canaries are what must not be found in an encrypted file.
var canaries = []string{"canary.user", "canary@example.com", "canary@home.example", "canary-external", "Canary Displayname", "+41 79 555 01 99",
	"Canary Group", "canary.boss", "canary-title", "Canary Reason", "canary-setting-value"}

// fillCanaries writes them through every writing method of the transaction.
func fillCanaries(t testing.TB, s *Store) {
	t.Helper()
	k := store.Key{Source: "okta", Type: store.User, ID: "019a4d7e-0000-7abc-8def-000000000001"}
	g := store.Key{Source: "okta", Type: store.Group, ID: "019a4d7e-0000-7abc-8def-000000000002"}
	person := scim.Object{
		"userName": "canary.user", "externalId": "canary-external", "displayName": "Canary Displayname", "title": "canary-title",
		"emails":              []any{scim.Object{"value": "canary@example.com"}, scim.Object{"value": "canary@home.example"}},
		"phoneNumbers":        []any{scim.Object{"value": "+41 79 555 01 99"}},
		scim.EnterpriseSchema: scim.Object{"manager": scim.Object{"value": "canary.boss"}},
	}
	long := strings.Repeat("canary@example.com", 30) // in an index as a hash
	update(t, s, func(tx store.Tx) error {
		_, err := tx.AddMembers(g, store.Member{ID: k.ID, Type: store.User, Display: "Canary Displayname"})
		return errors.Join(err,
			tx.PutResource(store.Resource{Key: k, Generation: 1, Document: person}),
			tx.PutResource(store.Resource{Key: g, Generation: 1, Document: scim.Object{"displayName": "Canary Group", "externalId": long}}),
			tx.PutLink(store.Link{Key: k, SlackID: "W1", WithheldEmail: "canary@example.com", Name: "Canary Group",
				Applied: scim.SlackUserProfile{"userName": "canary.user"}}),
			tx.PutFormer(store.Former{Source: "okta", SlackID: "W2", UserName: "canary.user", ExternalID: "canary-external", Email: "canary@example.com"}),
			tx.PutStatus(store.Status{Key: k, Message: "Canary Reason", Warnings: []string{"canary@example.com"}}),
			tx.PutIntent(store.Intent{Key: k, UserName: "canary.user", Email: "canary@example.com", Name: "Canary Group"}),
			tx.AppendAudit(store.Audit{Key: k, Detail: "canary@example.com is Canary Displayname"}),
			tx.PutSetting("x", []byte("canary-setting-value")),
			tx.ChangeSlackMembers(g, []string{"W1"}, nil), tx.SetUnacknowledged(k, true))
	})
}

// found returns which of the canaries the files of the directory hold, in whatever case.
func found(t testing.TB, path string) (out []string) {
	t.Helper()
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(filepath.Dir(path), name.Name()))
		if err != nil {
			t.Fatal(err)
		}
		raw = bytes.ToLower(raw)
		for _, c := range canaries {
			if bytes.Contains(raw, []byte(strings.ToLower(c))) {
				out = append(out, name.Name()+": "+c)
			}
		}
	}
	return out
}

func reopened(t testing.TB, s *Store, opts Options) *Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return openTest(t, s.path, opts)
}

func TestNothingReadableIsInAnEncryptedFile(t *testing.T) {
	path := testPath(t)
	s := openTest(t, path, Options{})
	fillCanaries(t, s)
	if n := len(found(t, path)); n != len(canaries) {
		t.Fatalf("a plain file shows %d of %d canaries: the test is blind", n, len(canaries))
	}
	// Converted: nothing of what it was is left, and all is there.
	s = reopened(t, s, Options{Keys: []Key{testKey(t, 1)}})
	if left := found(t, path); len(left) > 0 {
		t.Errorf("a converted file shows %q", left)
	}
	checkCanaries(t, s)
	// Made encrypted.
	path = testPath(t)
	s = openTest(t, path, Options{Keys: []Key{testKey(t, 1)}})
	fillCanaries(t, s)
	if left := found(t, path); len(left) > 0 {
		t.Errorf("an encrypted file shows %q", left)
	}
	checkCanaries(t, s)
}

// checkCanaries finds them by everything that they can be found by.
func checkCanaries(t testing.TB, s *Store) {
	t.Helper()
	view(t, s, func(tx store.Tx) error {
		for ix, value := range map[store.Index]string{store.IndexUserName: "CANARY.user", store.IndexExternalID: "canary-external",
			store.IndexEmail: "Canary@Home.example", store.IndexManager: "canary.boss"} {
			if keys, err := tx.FindResources("okta", store.User, ix, value); err != nil || len(keys) != 1 {
				t.Errorf("%s: found %v, %v", ix, keys, err)
			}
		}
		for ix, value := range map[store.Index]string{store.IndexUserName: "CANARY.user", store.IndexExternalID: "canary-external", store.IndexEmail: "canary@Example.com"} {
			if list, err := tx.FindFormer("okta", ix, value); err != nil || len(list) != 1 {
				t.Errorf("former by %s: found %v, %v", ix, list, err)
			}
		}
		if a, err := tx.Setting("x"); err != nil || string(a) != "canary-setting-value" {
			t.Errorf("setting %q, %v", a, err)
		}
		for a, err := range tx.AuditAfter(0) {
			if err != nil || !strings.Contains(a.Detail, "Canary Displayname") {
				t.Errorf("audit %v, %v", a, err)
			}
		}
		return nil
	})
	update(t, s, func(tx store.Tx) error { return tx.AppendAudit(store.Audit{Detail: "after Canary Displayname"}) })
	view(t, s, func(tx store.Tx) error {
		seq := uint64(0)
		for a, err := range tx.AuditAfter(0) {
			if seq++; err != nil || a.Seq != seq {
				t.Errorf("audit %v, %v; want seq %d", a, err, seq)
			}
		}
		return nil
	})
}

func TestAWrongKeyIsRefusedAndChangesNothing(t *testing.T) {
	first, second, third := testKey(t, 1), testKey(t, 2), testKey(t, 3)
	for name, c := range map[string]struct {
		written, given []Key
		want           string
	}{
		"none":              {[]Key{first}, nil, "no key is given: give the encryption key " + first.ID() + "; encryption cannot be turned off"},
		"another":           {[]Key{first}, []Key{second}, "encrypted with the key " + first.ID() + ", which is not among those given (" + second.ID() + ")"},
		"one of two":        {[]Key{second, first}, []Key{second}, "encrypted with the key " + first.ID()},
		"neither":           {[]Key{second, first}, []Key{third}, second.ID() + " and " + first.ID()},
		"the same twice":    {[]Key{first}, []Key{first, first}, "is given twice"},
		"twice, plain file": {nil, []Key{first, first}, "is given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			path := testPath(t)
			s := openTest(t, path, Options{})
			if len(c.written) > 0 {
				s = reopened(t, s, Options{Keys: c.written[len(c.written)-1:]})
			}
			fillCanaries(t, s)
			s = reopened(t, s, Options{Keys: c.written, renewNever: true})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path, Options{Keys: c.given}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file changed (error %v)", err)
			}
		})
	}
}

func TestADataFileThatOthersMayReadIsMadePrivate(t *testing.T) {
	for _, keys := range [][]Key{nil, {testKey(t, 1)}} {
		path := testPath(t)
		s := openTest(t, path, Options{Keys: keys})
		if err := os.Chmod(path, 0o664); err != nil {
			t.Fatal(err)
		}
		reopened(t, s, Options{Keys: keys})
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, error %v; want 0600", info.Mode(), err)
		}
	}
}

// A conversion that was killed leaves the plain file, and its own half is in nobody's way.
func TestAConversionBeginsAgain(t *testing.T) {
	path := testPath(t)
	s := openTest(t, path, Options{})
	fillCanaries(t, s)
	if err := os.WriteFile(path+".rewriting", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = reopened(t, s, Options{Keys: []Key{testKey(t, 1)}})
	checkCanaries(t, s)
	if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) != 1 {
		t.Errorf("the directory holds %v, error %v; want the file alone", names, err)
	}
}

func TestAConversionThatFailsLeavesThePlainFile(t *testing.T) {
	path := testPath(t)
	s := openTest(t, path, Options{})
	fillCanaries(t, s)
	err := s.db.Update(func(tx *bolt.Tx) error { // as if the disk had damaged it
		return tx.Bucket([]byte("resources")).Put(keyOf(store.Key{Source: "okta", Type: store.User, ID: "damaged"}), []byte("{"))
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{Keys: []Key{testKey(t, 1)}}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got error %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed (error %v)", err)
	}
	if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) != 1 {
		t.Errorf("the directory holds %v, error %v; want the file alone", names, err)
	}
	openTest(t, path, Options{}) // it is let go
}

// Two that want to encrypt one file: one serves, the other is refused, and never serves a file that has no name any more.
func TestTwoConversionsAtOnce(t *testing.T) {
	path := testPath(t)
	s := openTest(t, path, Options{})
	fillCanaries(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	type opened struct {
		s   *Store
		err error
	}
	const openers = 4
	results := make(chan opened)
	for range openers {
		go func() {
			s, err := Open(path, Options{Keys: []Key{testKey(t, 1)}})
			results <- opened{s, err}
		}()
	}
	var serving []*Store
	for range openers {
		switch o := <-results; {
		case o.err == nil:
			serving = append(serving, o.s)
		case !strings.Contains(o.err.Error(), "another"):
			t.Error(o.err)
		}
	}
	if len(serving) != 1 {
		t.Fatalf("%d serve one file", len(serving))
	}
	update(t, serving[0], func(tx store.Tx) error { return tx.PutSetting("y", []byte("kept")) })
	view(t, reopened(t, serving[0], Options{Keys: []Key{testKey(t, 1)}}), func(tx store.Tx) error {
		if v, err := tx.Setting("y"); err != nil || string(v) != "kept" {
			t.Errorf("got %q, %v", v, err)
		}
		return nil
	})
}
