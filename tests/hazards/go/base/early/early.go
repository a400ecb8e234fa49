// Package early has variables that get their first values in an order that hangs on who mentions whom.
package early

import "strings"

var order []string

func note(name string, _ func() string) string {
	order = append(order, name)
	return name
}

var first = note("first", spare)

var second = note("second", nil)

// spare is handed on, and never called.
func spare() string { return "nothing" }

// Order is which came first.
func Order() string { return strings.Join(order, " ") }

// Names are what the variables hold.
func Names() string { return first + second }
