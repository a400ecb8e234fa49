// Package shapes is made into instances by others.
package shapes

import (
	"cmp"
	"slices"
)

//go:generate go run ../gen

// Area has an area.
type Area interface {
	Area() int
}

// Square is a shape.
type Square int

func (s Square) Area() int { return int(s) * int(s) }

// Bar is a shape.
type Bar struct{ Width, Height int }

func (b Bar) Area() int { return b.Width * b.Height }

// Scaled is a generic function.
func Scaled[T Area](shape T) int {
	return shape.Area() * scale()
}

func scale() int { return 1 }

// Largest is a generic function.
func Largest[T cmp.Ordered](values ...T) T {
	return slices.Max(values)
}

// Stack is a generic type.
type Stack[T any] struct{ items []T }

// Push puts on top.
func (s *Stack[T]) Push(item T) { s.items = append(s.items, item) }

// Top is on top.
func (s *Stack[T]) Top() T { return s.items[len(s.items)-1] }

// Number is whatever counts.
type Number interface{ ~int | ~uint8 }

// Sum is a generic function.
func Sum[T Number](numbers ...T) T {
	var sum T
	for _, number := range numbers {
		sum += number
	}
	return sum
}

// Inlined is small enough.
func Inlined(number int) int { return number + 100 }

// Closed has a closure.
func Closed() int {
	add := func(number int) int { return number + 3 }
	return add(4)
}

// Unused is called by nobody.
func Unused() int { return Inlined(0) }

// Default is what a variable of a test is made from.
const Default = 5
