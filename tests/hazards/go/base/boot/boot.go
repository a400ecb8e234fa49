// Package boot does things before main.
package boot

import (
	"strings"
	"sync"

	_ "example.org/hazard/boot/plain"
	"example.org/hazard/boot/registry"
)

// Start is made of other variables.
var Start = second + 1

var second = first() * 10

func first() int { return 4 }

var order []string

func init() {
	order = append(order, "one")
}

func init() {
	order = append(order, "two")
	registry.Add("boot")
}

var once sync.Once

var setting int

func startSetting() { setting = 8 }

// Setting is made when it is needed first.
func Setting() int {
	once.Do(startSetting)
	return setting
}

// Lazy is made when it is needed first.
var Lazy = sync.OnceValue(func() int { return 60 })

// Handlers are reached by name.
var Handlers = map[string]func(int) int{
	"plus":  plus,
	"times": times,
}

func plus(number int) int { return number + 1 }

func times(number int) int { return number * 2 }

// Order is what ran first.
func Order() string { return strings.Join(order, " ") }

// Registered is what was registered.
func Registered() string { return registry.Names() }

// Handle calls what has a name.
func Handle(name string, number int) int {
	if handler, ok := Handlers[name]; ok {
		return handler(number)
	}
	return -1
}

// Eager depends on nobody.
func Eager() int { return 2 }
