package random

import (
	"fmt"
	"os"
	"testing"
)

func TestFlips(t *testing.T)    { fmt.Println(Flipped()) }
func TestSamples(t *testing.T)  { fmt.Println(Sampled()) }
func TestThreaded(t *testing.T) { fmt.Println(Threaded()) }
func TestSent(t *testing.T)     { fmt.Println(Sent()) }
func TestMapped(t *testing.T)   { fmt.Println(Mapped()) }

func TestVariable(t *testing.T) {
	fmt.Println(os.Getenv("HAZARD_VARIABLE"))
}
