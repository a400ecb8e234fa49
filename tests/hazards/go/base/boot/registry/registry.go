// Package registry is where packages register themselves.
package registry

import "strings"

var names []string

// Add registers.
func Add(name string) { names = append(names, name) }

// Names lists.
func Names() string { return strings.Join(names, " ") }
