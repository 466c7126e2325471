package disclosure_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"postern/app/disclosure"
)

// benchmarkReply is a list of accounts of about the given size; four members of eight leave, two
// of them masked.
func benchmarkReply(size int) []byte {
	var reply strings.Builder
	reply.WriteString(`{"customer":{"name":"周明远","id":"11010519491231002X"},"accounts":[`)
	for i := 0; reply.Len() < size-200; i++ {
		if i > 0 {
			reply.WriteByte(',')
		}
		fmt.Fprintf(&reply, `{"no":"6228480000%06d","type":"debit","balance":%d.50,"owner":"周明远",`+
			`"branch":"Hangzhou West Lake","opened":"2019-04-01","flags":{"vip":true,"risk":[1,2]},"note":"余额 \u00a5"}`, i, i)
	}
	reply.WriteString(`]}`)
	return []byte(reply.String())
}

func BenchmarkReduce(b *testing.B) {
	plan, err := disclosure.Compile([]disclosure.Field{
		mask("customer.name", disclosure.MaskName), drop("customer.id"),
		mask("accounts.*.no", disclosure.MaskCard), keep("accounts.*.type"), keep("accounts.*.balance"),
		mask("accounts.*.owner", disclosure.MaskName),
	})
	if err != nil {
		b.Fatal(err)
	}

	for _, size := range []int{1 << 10, 64 << 10} {
		reply := benchmarkReply(size)
		b.Run(fmt.Sprintf("reduce/%d", len(reply)), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(reply)))
			for b.Loop() {
				if _, err := plan.Reduce(reply, roomy); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("json.Valid/%d", len(reply)), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(reply)))
			for b.Loop() {
				if !json.Valid(reply) {
					b.Fatal("invalid")
				}
			}
		})
	}
}
