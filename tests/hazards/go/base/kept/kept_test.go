package kept

import (
	"fmt"
	"testing"
)

func TestFirst(t *testing.T)  { fmt.Println(Title("Ada")) }
func TestSecond(t *testing.T) { fmt.Println(Title("Ada")) }
func TestOther(t *testing.T)  { fmt.Println(Title("Bob")) }

func TestTwice(t *testing.T) {
	Title("Cyd")
	fmt.Println(Title("Cyd"))
}

func TestPage(t *testing.T) {
	page := Write("one")
	fmt.Println(page.Read())
	page.Drop()
}

func TestNextPage(t *testing.T) {
	page := Write("two")
	fmt.Println(page.Read())
	page.Drop()
}

func TestCounts(t *testing.T) { fmt.Println(Count() >= 0) }
