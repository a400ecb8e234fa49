// Package order has tests that do not stand for themselves.
package order

var started int

// Start starts.
func Start() { started = 1 }

// Started says whether somebody started.
func Started() int { return started }

// Goal is where all want to be.
func Goal() int { return 42 }
