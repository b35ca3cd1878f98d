package scim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// typicalUser is what a source sends when it creates somebody: about 900 bytes.
const typicalUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
"externalId":"0f3c7a52-8f0e-4c55-9a53-3f1f0c3d9b11","userName":"ann.archer@example.com","active":true,"displayName":"Ann Archer","title":"Engineer",
"name":{"formatted":"Ann Archer","familyName":"Archer","givenName":"Ann"},"preferredLanguage":"en-GB","timezone":"Europe/London",
"emails":[{"primary":true,"type":"work","value":"ann.archer@example.com"},{"type":"home","value":"ann@home.example"}],
"phoneNumbers":[{"type":"work","value":"+44 20 7946 0000"}],"addresses":[{"type":"work","locality":"London","country":"GB"}],"roles":[],
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","department":"Engineering","costCenter":"4130",
"manager":{"value":"01890a5d-ac96-774b-bcce-b302099a8057"}},"meta":{"resourceType":"User"}}`

func groupBody(members int) []byte {
	b := bytes.NewBufferString(`{"schemas":["` + GroupSchema + `"],"displayName":"Engineering","members":[`)
	for i := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, `{"value":"01890a5d-ac96-774b-bcce-%012x","display":"Person %d","type":"User"}`, i, i)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// plainly reads a document with encoding/json, and checks by other means what Decode demands beyond it.
func plainly(data []byte) (Object, bool) {
	if !json.Valid(data) || !utf8.Valid(data) || loneSurrogate(data) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, ok := plainlyNext(d, 1)
	if !ok {
		return nil, false
	}
	_, err := d.Token()
	o, isObject := v.(Object)
	return o, isObject && err == io.EOF
}

func plainlyNext(d *json.Decoder, depth int) (any, bool) {
	token, err := d.Token()
	if err != nil {
		return nil, false
	}
	switch token := token.(type) {
	case json.Delim:
		if depth > DefaultLimits.Depth {
			return nil, false
		}
		if token == '{' {
			return plainlyObject(d, depth)
		}
		list := []any{}
		for d.More() {
			v, ok := plainlyNext(d, depth+1)
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err == nil
	case json.Number:
		f, err := token.Float64()
		if !strings.ContainsAny(token.String(), ".eE") && (err != nil || numberText(f) != token.String()) {
			return token.String(), true
		}
		return f, err == nil
	default:
		return token, true
	}
}

func plainlyObject(d *json.Decoder, depth int) (any, bool) {
	o := Object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		for k := range o {
			if strings.EqualFold(k, key.(string)) {
				return nil, false
			}
		}
		v, ok := plainlyNext(d, depth+1)
		if !ok {
			return nil, false
		}
		o[key.(string)] = v
	}
	_, err := d.Token()
	return o, err == nil
}

// loneSurrogate looks at the escapes of valid JSON: encoding/json replaces half a pair by U+FFFD.
func loneSurrogate(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		if i++; data[i] != 'u' {
			continue
		}
		var high, low rune
		fmt.Sscanf(string(data[i+1:i+5]), "%04x", &high)
		i += 4
		if high < 0xd800 || high > 0xdfff {
			continue
		}
		if n, _ := fmt.Sscanf(string(data[i+1:min(i+7, len(data))]), `\u%04x`, &low); high >= 0xdc00 || n != 1 || low < 0xdc00 || low > 0xdfff {
			return true
		}
		i += 6
	}
	return false
}
