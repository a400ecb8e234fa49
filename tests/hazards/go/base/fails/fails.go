// Package fails has tests that fail.
package fails

// Goal is where all want to be.
func Goal() int { return 42 }
