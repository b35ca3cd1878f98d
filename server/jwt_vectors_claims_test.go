package server

import (
	"fmt"
	"strings"
)

func (f *forge) headers() {
	for _, more := range []string{`"crit":[]`, `"crit":["exp"]`, `"crit":["b64"],"b64":true`, `"crit":["b64"],"b64":false`, `"b64":false`, `"b64":true`, `"crit":null`, `"crit":"b64"`,
		`"crit":["http://example.com/UNDEFINED"]`, `"zip":"DEF"`, `"enc":"A128GCM"`, `"typ":1`, `"typ":null`, `"typ":["JWT"]`, `"typ":"logout+jwt"`, `"typ":"secevent+jwt"`, `"typ":"dpop+jwt"`,
		`"typ":"JOSE"`, `"typ":"id_token"`, `"typ":"text/plain"`, `"typ":"application/logout+jwt"`, `"typ":"JWT "`, `"alg":"ES256"`, `"ALG":"none"`, `"Alg":"ES256"`,
		`"kid":"a","kid":"b"`, `"typ":"JWT","typ":"JWT"`, `"typ":"JWT","TYP":"x"`, `"jwk":{"x":1,"x":2}`, `"a":[[[[[[1]]]]]]`} {
		f.refuse("header "+more, f.by("ec", `{"alg":"ES256",`+more+`}`, f.claims("ec")))
	}
	for _, typ := range []string{"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/JWT"} {
		f.take("typ "+typ, f.by("ec", `{"alg":"ES256","typ":"`+typ+`"}`, f.claims("ec")), "ec")
	}
	f.refuse("typed: none", f.by("typed", es256, f.claims("typed")))
	f.refuse("typed: JWT, such as an id_token", f.by("typed", `{"alg":"ES256","typ":"JWT"}`, f.claims("typed")))
	f.take("typed", f.by("typed", `{"alg":"ES256","typ":"application/AT+jwt"}`, f.claims("typed")), "typed")
	for _, header := range []string{`[]`, `"ES256"`, `null`, `1`, ``, `{`, `{"alg":"ES256"}}`, `{"alg":"ES256"}{}`, `{"alg":"ES256"} x`, `{"alg":"ES256",}`, `{'alg':'ES256'}`, "\ufeff" + es256,
		`{"alg":"ES256"}` + "\x00", "{\"alg\":\"ES256\",\"x\":\"\xff\"}", `{"alg":"ES256","x":"\ud800"}`, `{"alg":"ES256"/**/}`, `{"alg":"ES256","x":NaN}`} {
		f.refuse("header "+header, f.by("ec", header, f.claims("ec")))
	}
	f.take("white space in the header", f.by("ec", " {\n\t\"alg\" : \"ES256\" }\r\n", f.claims("ec")), "ec")
	f.refuse("nested JWT", f.by("ec", `{"alg":"ES256","cty":"JWT"}`, f.ecToken()))
	f.refuse("nested JWT in quotes", f.by("ec", `{"alg":"ES256","cty":"JWT"}`, quoteJSON(f.ecToken())))
}

func (f *forge) parties() {
	aud := forgedAudience
	for _, a := range []string{quoteJSON(strings.TrimSuffix(aud, "/")), quoteJSON(aud + "/"), quoteJSON(aud + "x"), quoteJSON("x" + aud), quoteJSON(strings.ToUpper(aud)), quoteJSON(aud[:len(aud)-3]),
		`"https://sсim.example/"`, `"https://scim.example:443/"`, `"https://scim.example/."`, `"https://scim.example/\u0000"`, `" https://scim.example/"`, `"http://scim.example/"`, `"HTTPS://scim.example/"`,
		`"https://scim.example/ https://other/"`, `"https://other/,https://scim.example/"`, `"*"`, `""`, `[]`, `[""]`, `["x"]`, `["x",1]`, `[1]`, `[null]`, `[["https://scim.example/"]]`, `{}`, `{"https://scim.example/":1}`,
		`null`, `true`, `1`, `-`, quoteJSON(issuerOf("ec")), `["https://scim.example/",null]`, `"https:\/\/scim.example"`} {
		f.refuse("aud "+a, f.ecToken("aud", a))
	}
	f.take("aud in a list", f.ecToken("aud", `["x","https://scim.example/"]`), "ec")
	f.take("aud alone in a list", f.ecToken("aud", `["https://scim.example/"]`), "ec")
	f.take("aud in other letters of JSON", f.ecToken("aud", `"https:\/\/scim.ex\u0061mple/"`), "ec")
	iss := issuerOf("ec")
	for _, i := range []string{quoteJSON(iss + "/"), quoteJSON(iss + "x"), quoteJSON("x" + iss), quoteJSON(strings.ToUpper(iss)), quoteJSON(iss[:len(iss)-1]), quoteJSON(strings.Replace(iss, "https", "http", 1)),
		quoteJSON(strings.Replace(iss, "e", "е", 1)), quoteJSON(iss + "\x00"), quoteJSON(" " + iss), quoteJSON(iss + "#"), quoteJSON(iss + "?"), quoteJSON(iss + " " + iss), quoteJSON("https://ec.issuer.test:443/realm"),
		quoteJSON("https://ec.issuer.test.evil.test/realm"), quoteJSON("https://ec.issuer.test/realm/../realm"), `["` + iss + `"]`, `{"iss":"` + iss + `"}`, `null`, `1`, `true`, `""`, `-`, quoteJSON(issuerOf("rsa")),
		quoteJSON(issuerOf("jwks")), quoteJSON(tokenIssuer), `"*"`} {
		f.refuse("iss "+i, f.ecToken("iss", i))
	}
	for _, azp := range []string{`-`, `"my-client2"`, `"My-Client"`, `"my-client "`, `""`, `null`, `1`, `["other"]`, `["my-client",1]`, `{"my-client":true}`, `[["my-client"]]`} {
		f.refuse("azp "+azp, f.by("azp", es256, f.claims("azp", "azp", azp)))
	}
	f.refuse("AZP", f.by("azp", es256, f.claims("azp", "AZP", `"my-client"`)))
	f.take("azp", f.by("azp", es256, f.claims("azp", "azp", `"my-client"`)), "azp")
	f.take("azp in a list", f.by("azp", es256, f.claims("azp", "azp", `["x","my-client"]`)), "azp")
	f.take("shared issuer, a", f.by("shared", es256, f.claims("shared", "azp", `"a"`)), "shared-a")
	f.take("shared issuer, b", f.by("shared", es256, f.claims("shared", "groups", `["a","b"]`)), "shared-b")
	f.refuse("two sources", f.by("shared", es256, f.claims("shared", "azp", `"a"`, "groups", `"b"`)))
	f.refuse("neither source", f.by("shared", es256, f.claims("shared")))
}

func (f *forge) times() {
	for _, name := range []string{"exp", "nbf", "iat"} {
		for _, value := range []string{`"9999999999"`, `""`, `"now"`, `"2099-01-01T00:00:00Z"`, `-1`, `-0`, `0`, `1e400`, `-1e400`, `1e300`, `1e30`, `253402300800`, `9223372036854775807`, `18446744073709551616`, `99999999999999999999999`,
			`true`, `false`, `null`, `[]`, `{}`, `[9999999999]`, `{"$date":1}`, `NaN`, `Infinity`, `-Infinity`, `0x7fffffff`, `1_000`, `+1`, `01`, `1.`, `.5`} {
			f.refuse(name+" "+value, f.ecToken(name, value))
		}
	}
	for _, past := range []int64{1, 60, 3600, 1e6, 1e9} {
		f.refuse(fmt.Sprint("expired for ", past+30), f.ecToken("exp", fmt.Sprint(f.now-past-30)))
		f.refuse(fmt.Sprint("expired for a broken ", past+30), f.ecToken("exp", fmt.Sprintf("%d.25", f.now-past-31)))
		f.refuse(fmt.Sprint("not before ", past+300), f.ecToken("nbf", fmt.Sprint(f.now+past+300)))
		f.refuse(fmt.Sprint("issued in ", past+300), f.ecToken("iat", fmt.Sprint(f.now+past+300)))
	}
	f.refuse("no exp", f.ecToken("exp", "-"))
	f.refuse("EXP", f.ecToken("exp", "-", "EXP", "9999999999"))
	f.refuse("milliseconds", f.ecToken("exp", fmt.Sprint(f.now*1000)))
	f.take("no iat", f.ecToken("iat", "-"), "ec")
	f.take("exp with a fraction", f.ecToken("exp", fmt.Sprintf("%d.5", f.now+60)), "ec")
	f.take("exp with an exponent", f.ecToken("exp", "9.999999999e9"), "ec")
	f.take("nbf", f.ecToken("nbf", fmt.Sprint(f.now)), "ec")
	f.take("clocks that differ", f.ecToken("exp", fmt.Sprint(f.now-5), "iat", fmt.Sprint(f.now+5), "nbf", fmt.Sprint(f.now+5)), "ec")
}

func (f *forge) documents() {
	good := strings.TrimSuffix(f.claims("ec"), "}")
	for _, more := range []string{`"iss":"` + issuerOf("ec") + `"`, `"iss":"x"`, `"aud":"x"`, `"exp":1`, `"exp":9999999999`, `"iat":1`, `"Iss":"x"`, `"EXP":1`, `"aUd":"x"`, `"\u0069ss":"x"`, `"ıss":"x","ISS":"y"`,
		`"sub":"a","sub":"b"`, `"scope":"scim.read","scope":"scim.write"`, `"x":{"y":1,"y":2}`, `"x":[{"y":1,"Y":2}]`} {
		f.refuse("twice: "+more, f.by("ec", es256, good+","+more+"}"))
		f.refuse("twice, before: "+more, f.by("ec", es256, "{"+more+","+good[1:]+"}"))
	}
	for _, c := range []string{good + "}}", good + "}{}", good + `} {"iss":"x"}`, good + "}\x00", good + "},", good, good + ",}", good[1:] + "}", "[" + good + "}]", `"` + encode([]byte(good)) + `"`, "", "null", "1", "[]", "{}", "true", "\ufeff" + good + "}",
		good + ",\"x\":\"\xff\"}", good + ",\"x\":\"\xc0\xaf\"}", good + `,"x":"\ud800"}`, good + ",\"x\":\"\n\"}", good + `,"x":'y'}`, good + `,x:1}`, good + "/*x*/}", good + `,"x":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "}",
		good + `,"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", good + `,"x":[` + strings.Repeat("1,", 5000) + "1]}", good + `,"x":[` + strings.Repeat("{},", 3000) + "1]}", good + `,"x":[` + strings.Repeat(`"",`, 3000) + "1]}", manyNames(good)} {
		f.refuse("claims "+c[:min(len(c), 30)]+"…"+c[max(0, len(c)-20):], f.by("ec", es256, c))
	}
	f.take("more claims", f.ecToken("sub", `"x"`, "groups", `["a","b"]`, "cnf", `{"jkt":"x"}`, "name", `"Zoë \ud83d\ude00"`, "num", "1e5"), "ec")
}

func manyNames(good string) string {
	var b strings.Builder
	b.WriteString(good)
	for i := range 1000 {
		fmt.Fprintf(&b, `,"%d":1`, i)
	}
	return b.String() + "}"
}

func (f *forge) scopes() {
	for source, scopes := range map[string][]string{
		"ec":     {`"openid"`, `""`, `[]`, `"scim.reads"`, `"SCIM.READ"`, `"scim"`, `"scim.*"`, `1`, `null`, `{}`, `[1]`, `["scim.read",1]`, `"scim.read,scim.write"`},
		"scoped": {`-`, `"openid"`, `""`, `true`},
	} {
		for _, scope := range scopes {
			f.refuse(source+" scope "+scope, f.by(source, es256, f.claims(source, "scope", scope)))
			f.refuse(source+" scp "+scope, f.by(source, es256, f.claims(source, "scp", scope)))
		}
		f.take(source+" writes", f.by(source, es256, f.claims(source, "scope", `"openid scim.write"`)), source)
		f.take(source+" writes and reads", f.by(source, es256, f.claims(source, "scp", `["scim.write","scim.read"]`)), source)
		f.takeReader(source+" reads", f.by(source, es256, f.claims(source, "scope", `"scim.read openid"`)), source)
		f.takeReader(source+" reads by scp", f.by(source, es256, f.claims(source, "scp", `["scim.read"]`)), source)
	}
	f.take("ec without scopes", f.ecToken(), "ec")
	f.take("free with other scopes", f.by("free", es256, f.claims("free", "scope", `"openid"`)), "free")
	f.take("free reads", f.by("free", es256, f.claims("free", "scope", `"scim.read"`)), "free")
}

func (f *forge) ownTokens() {
	claims := func(seal, scope string, pairs ...string) string {
		return f.claims("", append([]string{"iss", quoteJSON(tokenIssuer), "aud", quoteJSON(tokenAudience), "client_id", `"me"`, "scope", quoteJSON(scope), "seal", quoteJSON(seal)}, pairs...)...)
	}
	own := func(header, claims string) string { return signed(header, claims, "HS256", f.own) }
	const header = `{"alg":"HS256","typ":"at+jwt"}`
	f.take("own", own(header, claims(f.clientSeal, "scim.read scim.write")), "client")
	f.takeReader("own reads", own(header, claims(f.clientSeal, "scim.read")), "client")
	for name, token := range map[string]string{
		"replaced secret": own(header, claims(f.otherSeal, "scim.write")), "no seal": own(header, claims("", "scim.write")), "seal cut": own(header, claims(f.clientSeal[:20], "scim.write")), "seal twice": own(header, claims(f.clientSeal+f.clientSeal, "scim.write")),
		"no scope": own(header, claims(f.clientSeal, "")), "other scope": own(header, claims(f.clientSeal, "openid")), "not typed": own(`{"alg":"HS256"}`, claims(f.clientSeal, "scim.write")), "typed JWT": own(`{"alg":"HS256","typ":"JWT"}`, claims(f.clientSeal, "scim.write")),
		"HS512": signed(`{"alg":"HS512","typ":"at+jwt"}`, claims(f.clientSeal, "scim.write"), "HS512", f.own), "expired": own(header, claims(f.clientSeal, "scim.write", "exp", fmt.Sprint(f.now-60))), "no exp": own(header, claims(f.clientSeal, "scim.write", "exp", "-")),
		"other audience": own(header, claims(f.clientSeal, "scim.write", "aud", quoteJSON(forgedAudience))), "empty key": signed(header, claims(f.clientSeal, "scim.write"), "HS256", []byte{}), "key of an issuer": signed(header, claims(f.clientSeal, "scim.write"), "HS256", f.secret),
		"by EC": signed(`{"alg":"ES256","typ":"at+jwt"}`, claims(f.clientSeal, "scim.write"), "ES256", f.ec), "own key, other issuer": own(header, f.claims("hmac")), "seal is a number": own(header, claims("", "scim.write", "seal", "1")),
	} {
		f.refuse("own: "+name, token)
	}
}
