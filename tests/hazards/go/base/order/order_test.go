package order

import (
	"fmt"
	"testing"
)

func TestA(t *testing.T) {
	Start()
	fmt.Println("started")
}

func TestB(t *testing.T) {
	if Started() != 1 {
		t.Fatal("nobody started")
	}
}
