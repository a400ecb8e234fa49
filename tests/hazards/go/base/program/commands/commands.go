// Package commands is what the program can do.
package commands

import (
	"fmt"
	"strconv"

	"example.org/hazard/limits"
)

// Usage says how to use the program.
const Usage = "usage: tool greet|size|sum|fail"

// Greet greets.
func Greet(name string) string { return limits.Greet(name) }

// Size says how large something is.
func Size() string { return fmt.Sprint(limits.InlineSize(), " bytes") }

// Sum adds.
func Sum(numbers []string) (int, error) {
	sum := 0
	for _, text := range numbers {
		number, err := strconv.Atoi(text)
		if err != nil {
			return 0, fmt.Errorf("`%s` is no number", text)
		}
		sum += number
	}
	return sum, nil
}

// ExitCode is how it fails.
func ExitCode() int { return 3 }
