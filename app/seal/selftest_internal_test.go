package seal

import "testing"

func TestSelfTest(t *testing.T) {
	t.Parallel()
	t.Run("every known answer comes out right", func(t *testing.T) {
		t.Parallel()
		if err := SelfTest(); err != nil {
			t.Fatal(err)
		}
	})
	for _, known := range knownAnswers {
		t.Run("a wrong answer is noticed: "+known.name, func(t *testing.T) {
			t.Parallel()
			right := known.run
			known.run = func() ([]byte, error) {
				got, err := right()
				if err != nil {
					return nil, err
				}
				got[len(got)-1] ^= 1
				return got, nil
			}
			if known.check() == nil {
				t.Error("accepted")
			}
		})
	}
}

func BenchmarkSelfTest(b *testing.B) {
	for b.Loop() {
		if err := SelfTest(); err != nil {
			b.Fatal(err)
		}
	}
}
