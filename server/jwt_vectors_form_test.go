package server

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

func (f *forge) forms() {
	good := f.ecToken()
	p := strings.Split(good, ".")
	for name, token := range map[string]string{
		"nothing": "", "one part": p[0], "two parts": p[0] + "." + p[1], "no signature": p[0] + "." + p[1] + ".", "no claims": p[0] + ".." + p[2], "no header": "." + p[1] + "." + p[2], "only dots": "..",
		"four parts": good + "." + p[2], "four parts, empty": good + ".", "JWE": p[0] + "." + p[1] + "." + p[2] + "." + p[1] + "." + p[2], "JWE with empty parts": p[0] + "....", "a dot before": "." + good,
		"two dots": p[0] + ".." + p[1] + "." + p[2], "thousands of dots": strings.Repeat(".", 10_000), "a million dots": strings.Repeat(".", 1_000_000), "dots after": good + strings.Repeat(".", 5000),
		"JSON form":     `{"payload":"` + p[1] + `","protected":"` + p[0] + `","signature":"` + p[2] + `"}`,
		"with the word": "Bearer " + good, "comma": good + ",x", "two tokens": good + " " + good, "quotes": `"` + good + `"`, "NUL": good + "\x00", "slashes": strings.ReplaceAll(good, ".", "/"), "percent": strings.Replace(good, ".", "%2E", 1),
		"full stops": strings.ReplaceAll(good, ".", "。"), "of another message": p[0] + "." + encode([]byte(f.claims("ec", "sub", `"x"`))) + "." + p[2], "header of another": encode([]byte(`{"alg":"ES256","kid":"x"}`)) + "." + p[1] + "." + p[2],
		"too long": p[0] + "." + strings.Repeat("A", maxToken) + "." + p[2],
	} {
		f.refuse("form: "+name, token)
	}
	for i, part := range p {
		join := func(changed string) string {
			other := slices.Clone(p)
			other[i] = changed
			return strings.Join(other, ".")
		}
		for name, changed := range map[string]string{"padded": part + "=", "padded twice": part + "==", "fully padded": part + strings.Repeat("=", 3), "newline": part[:4] + "\n" + part[4:], "CRLF": part[:4] + "\r\n" + part[4:], "newline after": part + "\n",
			"space": part[:4] + " " + part[4:], "space before": " " + part, "tab": part + "\t", "other alphabet": part[:4] + "+/" + part[6:], "percent": part + "%3D", "one more": part + "A", "cut": part[:len(part)-1], "a byte of UTF-8": part + "é", "bits": spoilBits(part)} {
			f.refuse(fmt.Sprintf("part %d: %s", i, name), join(changed))
		}
	}
}

// spoilBits changes what base64 leaves unused at the end, so that the same bytes would come out, or the first letter if nothing is unused.
func spoilBits(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(part)%4 == 0 {
		return "!" + part[1:]
	}
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + string(alphabet[last^1])
}

func (f *forge) signatures() {
	text := encode([]byte(es256)) + "." + encode([]byte(f.claims("ec")))
	digest := crypto.SHA256.New()
	digest.Write([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, f.ec, digest.Sum(nil))
	if err != nil {
		panic(err)
	}
	n := elliptic.P256().Params().N
	pair := func(r, s *big.Int, size int) []byte {
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		panic(err)
	}
	zero, one := new(big.Int), big.NewInt(1)
	for name, signature := range map[string][]byte{"DER": der, "zeros": pair(zero, zero, 32), "r 0": pair(zero, s, 32), "s 0": pair(r, zero, 32), "ones": pair(one, one, 32), "r is n": pair(n, s, 32), "s is n": pair(r, n, 32), "both n": pair(n, n, 32),
		"swapped": pair(s, r, 32), "leading zeros": pair(r, s, 33), "half": pair(r, s, 32)[:32], "twice": append(pair(r, s, 32), pair(r, s, 32)...), "one short": pair(r, s, 32)[:63], "one more": append(pair(r, s, 32), 0), "0xff": []byte(strings.Repeat("\xff", 64)),
		"long": make([]byte, 4096), "one byte": {0}} {
		f.refuse("ES256 signature: "+name, text+"."+encode(signature))
	}
	f.take("ES256 signature", text+"."+encode(pair(r, s, 32)), "ec")

	good := f.by("ed", `{"alg":"EdDSA"}`, f.claims("ed"))
	end := strings.LastIndex(good, ".")
	signature, err := base64.RawURLEncoding.DecodeString(good[end+1:])
	if err != nil {
		panic(err)
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	for multiple := int64(1); multiple <= 8; multiple++ { // S + k·L verifies too where nobody looks (RFC 8032 section 5.1.7)
		scalar := new(big.Int).SetBytes(reversed(signature[32:]))
		scalar.Add(scalar, new(big.Int).Mul(order, big.NewInt(multiple)))
		f.refuse(fmt.Sprint("EdDSA signature: S + L times ", multiple), good[:end]+"."+encode(append(slices.Clone(signature[:32]), reversed(scalar.FillBytes(make([]byte, 32)))...)))
	}
	for name, other := range map[string][]byte{"zeros": make([]byte, 64), "short": signature[:63], "long": append(slices.Clone(signature), 0), "identity point": append([]byte{1}, make([]byte, 63)...), "flipped": flip(signature)} {
		f.refuse("EdDSA signature: "+name, good[:end]+"."+encode(other))
	}
	for _, source := range []string{"rsa", "pss"} {
		good := f.by(source, `{"alg":"`+algorithmOf[source]+`"}`, f.claims(source))
		end := strings.LastIndex(good, ".")
		signature, err := base64.RawURLEncoding.DecodeString(good[end+1:])
		if err != nil {
			panic(err)
		}
		for name, other := range map[string][]byte{"zeros": make([]byte, 256), "one": append(make([]byte, 255), 1), "0xff": []byte(strings.Repeat("\xff", 256)), "short": signature[:255], "long": append([]byte{0}, signature...), "flipped": flip(signature),
			"plus n": new(big.Int).Add(new(big.Int).SetBytes(signature), f.rsa.N).Bytes(), "modulus": f.rsa.N.Bytes(), "one byte": {1}} {
			f.refuse(source+" signature: "+name, good[:end]+"."+encode(other))
		}
	}
	for source, key := range map[string]any{"rsa": f.foreignRSA, "pss": f.foreignRSA, "ec": f.foreignEC, "ed": f.foreignEd, "hmac": []byte("another secret of more than 32 bytes."), "jwks": f.foreignEC, "azp": f.foreignEC} {
		alg := algorithmOf[source]
		if alg == "" {
			alg = "ES256"
		}
		f.refuse("foreign key, issuer "+source, signed(`{"alg":"`+alg+`"}`, f.claims(source, "azp", `"my-client"`), alg, key))
	}
}

func reversed(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}

func flip(b []byte) []byte {
	b = slices.Clone(b)
	b[len(b)/2] ^= 1
	return b
}
