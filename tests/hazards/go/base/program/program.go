// Package program has tests that start a program.
package program

// Nothing does nothing.
func Nothing() string { return "nothing" }
