package frugal

import (
	"fmt"
	"testing"
)

func TestSumIsFree(t *testing.T)  { fmt.Println(asked(func() { Sum(5) })) }
func TestRestIsFree(t *testing.T) { fmt.Println(asked(func() { Rest(5) })) }
func TestSum(t *testing.T)        { fmt.Println(Sum(5)) }
func TestRest(t *testing.T)       { fmt.Println(Rest(5)) }

// asked is how often something asks for memory.
func asked(act func()) float64 { return testing.AllocsPerRun(10, act) }
