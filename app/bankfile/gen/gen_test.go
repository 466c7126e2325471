package main

import (
	"os"
	"testing"
)

func TestTheReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	const root = "../../.."
	want, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(root + "/" + page)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("%s is not what its sources say: run go generate ./app/bankfile", page)
	}
}
