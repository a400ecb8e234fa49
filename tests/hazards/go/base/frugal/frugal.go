// Package frugal makes sums without asking for memory.
package frugal

import "example.org/hazard/frugal/deep"

type page struct{ numbers [4]int }

// Sum adds up to a number.
func Sum(to int) int {
	var page page
	page.numbers[0] = to * (to + 1) / 2
	if to < 0 {
		strange(&page)
	}
	return page.numbers[0]
}

// Nobody comes here.
func strange(page *page) { page.numbers[1]++ }

// Rest is what is left of a number.
func Rest(of int) int {
	rest := deep.Rest{Number: of % 7}
	if rest.Number < 0 {
		deep.Look(&rest)
	}
	return rest.Number
}
