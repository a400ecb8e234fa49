package speak

import (
	"fmt"
	"sort"
	"testing"

	"example.org/units"
)

func TestDog(t *testing.T)     { fmt.Println(Dog{}.Speak()) }
func TestCat(t *testing.T)     { fmt.Println(Cat{Quiet{"cat"}}.Speak()) }
func TestCow(t *testing.T)     { fmt.Println(Cow{&Quiet{"cow"}}.Speak()) }
func TestDeep(t *testing.T)    { fmt.Println(Deep{Cat{Quiet{"deep"}}}.Speak()) }
func TestChorus(t *testing.T)  { fmt.Println(Chorus()) }
func TestPrint(t *testing.T)   { fmt.Println(Printed()) }
func TestMarshal(t *testing.T) { fmt.Println(Marshalled()) }
func TestLabel(t *testing.T)   { fmt.Println(Labelled()) }
func TestFind(t *testing.T)    { fmt.Println(Find()) }
func TestProblem(t *testing.T) { fmt.Println(IsProblem()) }
func TestDelay(t *testing.T)   { fmt.Println(IsDelay()) }
func TestSpecial(t *testing.T) { fmt.Println(IsSpecial()) }
func TestCopy(t *testing.T)    { fmt.Println(Copied()) }
func TestKind(t *testing.T)    { fmt.Println(Kind(Stone{}), Kind(Dog{})) }
func TestUnits(t *testing.T)   { fmt.Println(units.ToGrams(2)) }
func TestMetres(t *testing.T)  { fmt.Println(units.ToMetres(2)) }
func TestSymbol(t *testing.T)  { fmt.Println(units.Metre{}.Symbol()) }
func TestAlone(t *testing.T)   { fmt.Println(Alone()) }
func TestNothing(t *testing.T) { fmt.Println("nothing") }
func TestSort(t *testing.T) {
	list := List{3, 1, 2}
	sort.Sort(list)
	fmt.Println(list)
}
