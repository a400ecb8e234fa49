// Package units is a dependency, another version of it.
package units

// Grams is how many are in a kilo.
const Grams = 1024

// ToGrams converts.
func ToGrams(kilos int) int {
	return kilos * Grams
}

// ToMetres converts.
func ToMetres(kilometres int) int {
	return kilometres * 1000
}

// Base is what units have in common.
type Base struct{}

// Symbol is what a unit is written as.
func (Base) Symbol() string { return "?" }

// Metre is a unit.
type Metre struct{ Base }
