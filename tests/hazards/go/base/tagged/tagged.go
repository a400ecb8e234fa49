// Package tagged is made of other files under other conditions.
package tagged

// Name says which file was built.
func Name() string { return name }

// System says which system's file was built.
func System() string { return system }

// Own says nothing of files.
func Own() int { return 1 }
