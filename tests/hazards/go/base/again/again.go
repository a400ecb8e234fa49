// Package again has a test that starts its own binary.
package again

// Word is said by whoever is started.
func Word() string { return "helped" }
