package translate

import "testing"

// A person of whom something is missing is not wrong, and may become complete.
func TestIncomplete(t *testing.T) {
	const guest = `"urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User":`
	for doc, want := range map[string]bool{
		``:                                false, // nothing is amiss
		`"emails":[]`:                     true,
		`"emails":[{"value":""}]`:         true,
		`"emails":[{"value":"nonsense"}]`: false,
		`"emails":null,"userName":"..."`:  false,
		guest + `{"expiration":"2026-12-31T00:00:00Z"}`:                 true,
		guest + `{"expiration":"soon","type":"multi"}`:                  true,
		`"emails":[],` + guest + `{"expiration":"soon","type":"multi"}`: true,
		guest + `{"type":"single"}`:                                     false,
	} {
		_, err := ToUser(person(t, doc), entra)
		if got := Incomplete(err); got != want {
			t.Errorf("%s: %v (%v)", doc, got, err)
		}
	}
}
