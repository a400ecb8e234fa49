package shapes

import (
	"fmt"
	"testing"
)

var fromDefault = Default * 2

func helper(number int) int { return number * 2 }

func TestSquare(t *testing.T)    { fmt.Println(Scaled(Square(3))) }
func TestBar(t *testing.T)       { fmt.Println(Scaled(Bar{2, 5})) }
func TestLargest(t *testing.T)   { fmt.Println(Largest(1, 3, 2)) }
func TestInlined(t *testing.T)   { fmt.Println(Inlined(1)) }
func TestClosed(t *testing.T)    { fmt.Println(Closed()) }
func TestGenerated(t *testing.T) { fmt.Println(Generated()) }
func TestDefault(t *testing.T)   { fmt.Println(fromDefault) }
func TestHelped(t *testing.T)    { fmt.Println(helper(3)) }
func TestSum(t *testing.T)       { fmt.Println(Sum(uint8(200), uint8(100))) }
func TestNothing(t *testing.T)   { fmt.Println("nothing") }

func TestStack(t *testing.T) {
	stack := Stack[string]{}
	stack.Push("a")
	stack.Push("b")
	fmt.Println(stack.Top())
}

func TestTable(t *testing.T) {
	for _, test := range []struct {
		name  string
		input int
	}{
		{"one", 1},
		{"two", 2},
	} {
		t.Run(test.name, func(t *testing.T) { fmt.Println(helper(test.input)) })
	}
}
