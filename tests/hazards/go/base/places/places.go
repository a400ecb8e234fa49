// Package places knows where it is.
package places

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
)

// Line is where it is called.
func Line() int {
	_, _, line, _ := runtime.Caller(0)
	return line
}

// CallerLine is where its caller is.
func CallerLine() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}

// Called calls.
func Called() int {
	return CallerLine()
}

// File is its own.
func File() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Base(file)
}

// Function is its own name.
func Function() string {
	counter, _, _, _ := runtime.Caller(0)
	return runtime.FuncForPC(counter).Name()
}

type hidden struct{}

// Type is the name of a type.
func Type() string {
	return fmt.Sprintf("%T %s", hidden{}, reflect.TypeOf(hidden{}).PkgPath())
}

// Stack tells where somebody panicked.
func Stack() (line string) {
	defer func() {
		recover()
		buffer := make([]byte, 4096)
		for _, text := range strings.Split(string(buffer[:runtime.Stack(buffer, false)]), "\n") {
			if _, after, ok := strings.Cut(text, "places.go:"); ok {
				line, _, _ = strings.Cut(after, " ")
			}
		}
	}()
	var none map[string]int
	none["broken"] = 1
	return ""
}

// Frames walks through its callers.
func Frames() int {
	counters := make([]uintptr, 8)
	frames := runtime.CallersFrames(counters[:runtime.Callers(1, counters)])
	frame, _ := frames.Next()
	return frame.Line
}

// Nowhere does not know.
func Nowhere() int {
	return 6
}
