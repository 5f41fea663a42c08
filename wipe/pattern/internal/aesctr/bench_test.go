package aesctr

import (
	"fmt"
	"testing"
)

func BenchmarkKernel(b *testing.B) {
	for _, kib := range []int{32, 256, 1024} {
		p := make([]byte, kib<<10)
		for _, k := range usable() {
			s := streamOf(b, k, [16]byte{1}, [16]byte{})
			b.Run(fmt.Sprintf("%s/fill/%dKiB", k, kib), func(b *testing.B) {
				b.SetBytes(int64(len(p)))
				for b.Loop() {
					s.Fill(p, 0)
				}
			})
			b.Run(fmt.Sprintf("%s/check/%dKiB", k, kib), func(b *testing.B) {
				b.SetBytes(int64(len(p)))
				for b.Loop() {
					if s.Check(p, 0) != -1 {
						b.Fatal("differs")
					}
				}
			})
		}
	}
}
