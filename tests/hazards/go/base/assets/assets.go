// Package assets has files in it, and reads some.
package assets

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

//go:embed motto.txt
var motto string

//go:embed texts/*.txt
var texts embed.FS

//go:embed logo.bin
var logo []byte

// Motto is part of the program.
func Motto() string { return strings.TrimSpace(motto) }

// LogoSize is that of a picture.
func LogoSize() int { return len(logo) }

// Texts lists what is part of the program.
func Texts() string {
	names, err := fs.Glob(texts, "texts/*")
	return fmt.Sprint(names, err)
}

// Text reads what is part of the program.
func Text(name string) string {
	data, err := texts.ReadFile("texts/" + name)
	return fmt.Sprint(string(data), err)
}

// Read reads.
func Read(name string) string {
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		return "nothing"
	}
	return strings.TrimSpace(string(data))
}

// List lists.
func List(folder string) string {
	entries, err := os.ReadDir(folder)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return fmt.Sprint(names, err)
}

// Mode says what may be done with a file.
func Mode(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return "nothing"
	}
	return fmt.Sprint(info.Mode().Perm()&0o100 != 0)
}

// None needs no file.
func None() string { return "none" }
