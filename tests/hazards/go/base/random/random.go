// Package random goes another way each time.
package random

import (
	"math/rand/v2"
	"sync"
)

//go:noinline
func heads() int { return 10 }

//go:noinline
func tails() int { return 10 }

// Flipped takes one of many ways.
func Flipped() int {
	return choices[rand.IntN(len(choices))]()
}

// Sampled takes both ways, most surely.
func Sampled() int {
	sum := 0
	for range 64 {
		if rand.IntN(2) == 0 {
			sum += heads()
		} else {
			sum += tails()
		}
	}
	return sum
}

func part(at int) int { return at * 2 }

// Threaded does it side by side.
func Threaded() int {
	var group sync.WaitGroup
	parts := make([]int, 4)
	for at := range parts {
		group.Add(1)
		go func() {
			defer group.Done()
			parts[at] = part(at)
		}()
	}
	group.Wait()
	return parts[0] + parts[1] + parts[2] + parts[3]
}

// Sent comes from elsewhere.
func Sent() int {
	numbers := make(chan int)
	go send(numbers)
	return <-numbers
}

func send(numbers chan<- int) { numbers <- 5 }

// Mapped depends on the order of a map.
func Mapped() int {
	set := map[int]bool{}
	for at := range 64 {
		set[at] = true
	}
	for at := range set {
		return choices[at%len(choices)]()
	}
	return 0
}

// Settled is always the same.
func Settled() int { return 55 }
