package server

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
)

func (f *forge) algorithms() {
	good := f.ecToken()
	signature := good[strings.LastIndex(good, ".")+1:]
	for _, alg := range []string{`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"noNe"`, `"none "`, `" none"`, `"none\u0000"`, `"\tnone"`, `"n\u006fne"`, `"ｎｏｎｅ"`, `"попе"`,
		`""`, `null`, `0`, `false`, `[]`, `["none"]`, `["ES256"]`, `{}`, `{"alg":"ES256"}`, `"none,ES256"`, `"ES256,none"`, `"es256"`, `"Es256"`, `"ES256 "`, `" ES256"`,
		`"ES256\u0000"`, `"ES-256"`, `"ES256K"`, `"ＥＳ256"`, `"sha256"`, `"A128KW"`, `"dir"`} {
		for _, s := range []string{"", "AA", signature} {
			f.refuse("alg "+alg+" signature "+s, encode([]byte(`{"alg":`+alg+`,"typ":"JWT"}`))+"."+encode([]byte(f.claims("ec")))+"."+s)
		}
		f.refuse("alg "+alg+" signed well", f.by("ec", `{"alg":`+alg+`}`, f.claims("ec")))
	}
	f.refuse("no alg", f.by("ec", `{"typ":"JWT"}`, f.claims("ec")))
	f.refuse("no header", f.by("ec", `{}`, f.claims("ec")))
	f.refuse("ALG", f.by("ec", `{"ALG":"ES256"}`, f.claims("ec")))
	for source, own := range algorithmOf {
		for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA", "HS256"} {
			key := map[byte]any{'R': f.rsa, 'P': f.rsa, 'E': f.ec, 'H': f.secret}[alg[0]]
			if source == "pss" && key == any(f.rsa) {
				key = f.pss
			}
			if alg == "EdDSA" {
				key = f.ed
			}
			if alg != own { // one key, one algorithm: also where the key fits the other
				f.refuse("issuer "+source+" by "+alg, signed(`{"alg":"`+alg+`"}`, f.claims(source), alg, key))
				f.refuse("issuer "+source+" by "+alg+" named "+own, signed(`{"alg":"`+own+`"}`, f.claims(source), alg, key))
			}
		}
	}
}

func (f *forge) publicKeysAsSecrets() {
	for source, key := range map[string]any{"rsa": &f.rsa.PublicKey, "pss": &f.pss.PublicKey, "ec": &f.ec.PublicKey, "ed": f.ed.Public(), "jwks": &f.jwks.PublicKey} {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			panic(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		secrets := map[string][]byte{"PEM": text, "PEM without its end": []byte(strings.TrimSpace(string(text))), "DER": der,
			"base64 of DER": []byte(base64.StdEncoding.EncodeToString(der)), "empty": {}, "zeros": make([]byte, 32), "CRLF": []byte(strings.ReplaceAll(string(text), "\n", "\r\n"))}
		switch k := key.(type) {
		case *rsa.PublicKey:
			pkcs1 := x509.MarshalPKCS1PublicKey(k)
			secrets["PKCS1"], secrets["PKCS1 PEM"] = pkcs1, pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1})
			secrets["modulus"] = k.N.Bytes()
			secrets["JWK"] = []byte(`{"e":"AQAB","kty":"RSA","n":"` + encode(k.N.Bytes()) + `"}`)
		case *ecdsa.PublicKey:
			secrets["JWK"] = []byte(jwkOf(k, `"kid":"good"`))
			secrets["point"], _ = k.Bytes()
		case ed25519.PublicKey:
			secrets["raw"] = k
			secrets["JWK"] = []byte(`{"crv":"Ed25519","kty":"OKP","x":"` + encode(k) + `"}`)
		}
		for form, secret := range secrets {
			for _, alg := range []string{"HS256", "HS384", "HS512"} {
				f.refuse(source+" "+form+" as the secret of "+alg, signed(`{"alg":"`+alg+`","kid":"good"}`, f.claims(source), alg, secret))
			}
		}
	}
}

func (f *forge) keysNamed() {
	for _, kid := range []string{`"../../../../dev/null"`, `"/etc/passwd"`, `"http://evil.test/key"`, `"file:///dev/null"`, `"' OR 1=1 --"`, `"x' UNION SELECT 'AA"`, `"1; DROP TABLE keys"`,
		`"${jndi:ldap://evil.test}"`, `"|id"`, `"\u0000"`, `""`, `" good"`, `"good "`, `"GOOD"`, `"good\u0000"`, `"gооd"`, quoteJSON(strings.Repeat("k", 600)), quoteJSON(strings.Repeat("k", 8000)),
		`"enc"`, `"secret"`, `"weak"`, `"off-curve"`, `"nothing"`} {
		f.refuse("kid "+kid[:min(40, len(kid))]+" by a foreign key", signed(`{"alg":"ES256","kid":`+kid+`}`, f.claims("jwks"), "ES256", f.foreignEC))
		if kid != `""` {
			f.refuse("kid "+kid[:min(40, len(kid))], f.by("jwks", `{"alg":"ES256","kid":`+kid+`}`, f.claims("jwks")))
		}
	}
	f.refuse("kid of a megabyte", f.by("jwks", `{"alg":"ES256","kid":"`+strings.Repeat("k", 1<<20)+`"}`, f.claims("jwks")))
	for _, kid := range []string{`1`, `null`, `true`, `[]`, `["good"]`, `{"kid":"good"}`, `1.5`} {
		f.refuse("kid "+kid, f.by("jwks", `{"alg":"ES256","kid":`+kid+`}`, f.claims("jwks")))
		f.refuse("kid "+kid+" of a pinned key", f.by("ec", `{"alg":"ES256","kid":`+kid+`}`, f.claims("ec")))
	}
	for kid, key := range f.unusable {
		f.refuse("published for other ends: "+kid, signed(`{"alg":"ES256","kid":"`+kid+`"}`, f.claims("jwks"), "ES256", key))
	}
	f.refuse("published secret", signed(`{"alg":"HS256","kid":"secret"}`, f.claims("jwks"), "HS256", f.secret))
	f.take("published key", f.by("jwks", `{"alg":"ES256","kid":"good"}`, f.claims("jwks")), "jwks")
	f.take("published key without a name", f.by("jwks", es256, f.claims("jwks")), "jwks")
	f.take("kid of a pinned key", f.by("ec", `{"alg":"ES256","kid":"../../etc/passwd"}`, f.claims("ec")), "ec")

	foreign := jwkOf(&f.foreignEC.PublicKey, `"kid":"good"`)
	for name, value := range map[string]string{"jku": `"https://evil.test/jwks"`, "x5u": `"https://evil.test/chain.pem"`, "jwk": foreign, "x5c": `["MIIB"]`, "x5t": `"AAAA"`,
		"x5t#S256": `"AAAA"`, "url": `"https://evil.test"`, "nonce": `"n"`} {
		header := `{"alg":"ES256","kid":"good",` + quoteJSON(name) + `:` + value + `}`
		for _, source := range []string{"ec", "jwks"} {
			f.refuse(name+" of a foreign key, issuer "+source, signed(header, f.claims(source), "ES256", f.foreignEC))
			f.take(name+" is not looked at, issuer "+source, f.by(source, header, f.claims(source)), source)
		}
	}
}
