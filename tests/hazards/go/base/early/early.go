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

var third = note("third", pick)

var table = map[string]func() string{"deep": deep}

// pick would call what is in the table.
func pick() string { return table["deep"]() }

func deep() string { return "deep" }

var fourth = note("fourth", lamp{}.light)

type lamp struct{}

func (lamp) light() string { return "light" }

var fifth = note("fifth", nil)

var sixth = note("sixth", late)

// late has the sixth wait for the seventh.
func late() string { return seventh }

var seventh = note("seventh", nil)

var eighth = note("eighth", plain)

// plain has the eighth wait for a variable that needs nothing.
func plain() string { return fallback }

var ninth = note("ninth", nil)

var fallback = "nothing"

var width = 25

// Width is mentioned by no initialiser.
func Width() int { return width }

var glow = note("glow", lamp{}.glow)

func (lamp) glow() string { return "glow" }

var tenth = note("tenth", nil)

// Order is which came first.
func Order() string { return strings.Join(order, " ") }

// Names are what the variables hold.
func Names() string { return first + second + third + fourth + fifth + sixth + seventh + eighth + ninth + glow + tenth }
