// Package speak has methods that are found by rules.
package speak

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Speaker speaks.
type Speaker interface {
	Speak() string
}

// Quiet says nothing.
type Quiet struct{ Name string }

func (q Quiet) Speak() string { return q.Name + " says nothing" }

// Dog barks.
type Dog struct{ Quiet }

func (Dog) Speak() string { return "woof" }

// Cat is quiet.
type Cat struct{ Quiet }

// Cow is quiet behind a pointer.
type Cow struct{ *Quiet }

// Deep is quiet two levels down.
type Deep struct{ Cat }

// All returns some of them.
func All() []Speaker {
	return []Speaker{Dog{}, Cat{Quiet{"cat"}}}
}

// Chorus lets all of them speak.
func Chorus() string {
	var said []string
	for _, speaker := range All() {
		said = append(said, speaker.Speak())
	}
	return strings.Join(said, ", ")
}

// Coin is printed.
type Coin struct{ Cents int }

// Purse holds a coin.
type Purse struct{ Coin Coin }

// Bill is marshalled.
type Bill struct {
	Amount int    `json:"amount"`
	Note   string `json:"note,omitempty"`
	secret int
}

// Problem is an error.
type Problem struct{ Code int }

func (p *Problem) Error() string { return fmt.Sprintf("problem %d", p.Code) }

// Find fails.
func Find() error {
	return fmt.Errorf("finding: %w", &Problem{Code: 4})
}

// IsProblem looks for a problem.
func IsProblem() bool {
	var problem *Problem
	return errors.As(Find(), &problem)
}

// Delay is an error that nobody is.
type Delay struct{ error }

// IsDelay looks for one.
func IsDelay() bool {
	var delay *Delay
	return errors.As(Find(), &delay)
}

// ErrSpecial can be compared with.
var ErrSpecial = errors.New("special")

// IsSpecial compares.
func IsSpecial() bool {
	return errors.Is(Find(), ErrSpecial)
}

// Marshalled is a bill.
func Marshalled() string {
	data, err := json.Marshal(Bill{Amount: 3, secret: 1})
	return fmt.Sprint(string(data), err)
}

// Label is marshalled in the order of its fields.
type Label struct{ First, Last string }

// Labelled is a label.
func Labelled() string {
	data, err := json.Marshal(Label{First: "a", Last: "z"})
	return fmt.Sprint(string(data), err)
}

// Printed is a coin.
func Printed() string {
	return fmt.Sprintf("%v %+v", Coin{5}, Purse{Coin{6}})
}

// Source can be read.
type Source struct{ text string }

func (s *Source) Read(into []byte) (int, error) {
	if s.text == "" {
		return 0, io.EOF
	}
	n := copy(into, s.text)
	s.text = s.text[n:]
	return n, nil
}

// Copied is what copying a source does.
func Copied() string {
	var into strings.Builder
	n, err := io.Copy(&into, &Source{"source"})
	return fmt.Sprint(n, err, into.String())
}

// Kind looks at what something can do.
func Kind(value any) string {
	switch value := value.(type) {
	case interface{ Kind() string }:
		return value.Kind()
	case Speaker:
		return "speaker"
	}
	return "thing"
}

// Stone is nothing special.
type Stone struct{}

// List can be sorted.
type List []int

func (l List) Len() int           { return len(l) }
func (l List) Less(i, j int) bool { return l[i] < l[j] }
func (l List) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }

// Alone depends on nobody.
func Alone() int {
	return 9
}
