// Package deep is below frugal.
package deep

// Rest is what is left of a number.
type Rest struct{ Number int }

var kept []*Rest

// Look looks at what is left, which nobody has it do.
func Look(rest *Rest) { further(rest) }

func further(rest *Rest) { rest.Number = -rest.Number }

// Count is how many were kept.
func Count() int { return len(kept) }
