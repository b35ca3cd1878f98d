package scim

import (
	"strconv"
	"testing"
	"time"
)

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name string
		body []byte
	}{{"user", []byte(typicalUser)}, {"group-5000", groupBody(5000)}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(c.body, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCanonical(b *testing.B) {
	for _, c := range []struct {
		name string
		t    *ResourceType
		body []byte
	}{{"user", Users, []byte(typicalUser)}, {"group-5000", Groups, groupBody(5000)}} {
		in := decode(b, string(c.body))
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := c.t.Canonical(in); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/validate", func(b *testing.B) {
			doc, _, _ := c.t.Canonical(in)
			b.ReportAllocs()
			for b.Loop() {
				if err := c.t.Validate(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRender(b *testing.B) {
	doc, _, err := Users.Canonical(decode(b, typicalUser))
	if err != nil {
		b.Fatal(err)
	}
	meta := Meta{ID: "01890a5d-ac96-774b-bcce-b302099a8057", Location: "https://gw.example/scim/v2/Users/01890a5d-ac96-774b-bcce-b302099a8057",
		Version: `W/"3"`, Created: time.Unix(1712707200, 0), Modified: time.Unix(1712707200, 0)}
	stored := AppendJSON(nil, withoutEmpty(doc).(Object))
	for name, render := range map[string]func(dst []byte) []byte{
		"render": func(dst []byte) []byte { return AppendJSON(dst, Users.Render(doc, meta)) },
		"stored": func(dst []byte) []byte { out, _ := Users.AppendStored(dst, stored, nil, meta); return out },
		"append": func(dst []byte) []byte { return Users.AppendResource(dst, doc, meta) },
	} {
		b.Run(name, func(b *testing.B) {
			var buffer []byte
			b.ReportAllocs()
			for b.Loop() {
				buffer = render(buffer[:0])
			}
			b.ReportMetric(float64(len(buffer)), "bytes")
		})
	}
}

// BenchmarkDecodeKeys shows that an object of many keys takes time in proportion to their number.
func BenchmarkDecodeKeys(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		body := []byte{'{'}
		for i := range n {
			body = append(strconv.AppendQuote(body, "attribute"+strconv.Itoa(i)), `:1,`...)
		}
		body = append(body, `"last":1}`...)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Decode(body, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/key")
		})
	}
}
