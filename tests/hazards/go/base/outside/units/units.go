// Package units is a dependency.
package units

// Grams is how many are in a kilo.
const Grams = 1000

// ToGrams converts.
func ToGrams(kilos int) int {
	return kilos * Grams
}

// ToMetres converts.
func ToMetres(kilometres int) int {
	return kilometres * 1000
}

// Gram is a unit.
type Gram struct{}

// Base is what units have in common.
type Base struct{}

// Symbol is what a unit is written as.
func (Base) Symbol() string { return "?" }

// Metre is a unit.
type Metre struct{ Base }
