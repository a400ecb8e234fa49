// Package limits is decided before anything runs.
package limits

import "unsafe"

// MaxInline is the length of an array.
const MaxInline = 4

// Greeting is said first.
const Greeting = "hello"

// Step and what is made of it.
const (
	Step       = 2
	DoubleStep = Step * 2
)

// Level is a number with a name.
type Level int

// The levels.
const (
	Low Level = iota + 1
	Middle
	High
)

// Flags of some kind.
const (
	FlagRead = 1 << iota
	FlagWrite
	_
	FlagExecute
)

// Inline holds bytes.
type Inline struct {
	Bytes [MaxInline]byte
}

// Record has a layout.
type Record struct {
	Flag   bool
	Number uint32
}

// ID is what things are known by.
type ID uint32

// Table is a list.
var Table = [...]int{1, 2, 3}

// Factor is a variable that nobody changes.
var Factor = 3

// Names are found by number.
var Names = map[Level]string{Low: "low", High: "high"}

func InlineSize() int { return len(Inline{}.Bytes) }

func Greet(name string) string {
	return Greeting + ", " + name
}

func Stepped(number int) int {
	return number + DoubleStep
}

func Scaled(number int) int {
	return number * Factor
}

func LevelNumber(level Level) int {
	return int(level)
}

func Flags() int {
	return FlagRead | FlagExecute
}

func RecordSize() uintptr {
	return unsafe.Sizeof(Record{})
}

func IDSize() uintptr {
	return unsafe.Sizeof(ID(0))
}

func TableSum() int {
	sum := 0
	for _, number := range Table {
		sum += number
	}
	return sum
}

func LevelName(level Level) string {
	return Names[level]
}

func Plain() int {
	return 7
}
