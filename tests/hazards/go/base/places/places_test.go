package places

import (
	"fmt"
	"testing"
)

func TestLine(t *testing.T)     { fmt.Println(Line()) }
func TestCalled(t *testing.T)   { fmt.Println(Called()) }
func TestFile(t *testing.T)     { fmt.Println(File()) }
func TestFunction(t *testing.T) { fmt.Println(Function()) }
func TestType(t *testing.T)     { fmt.Println(Type()) }
func TestStack(t *testing.T)    { fmt.Println(Stack()) }
func TestFrames(t *testing.T)   { fmt.Println(Frames()) }
func TestNowhere(t *testing.T)  { fmt.Println(Nowhere()) }

func TestLog(t *testing.T) {
	t.Log("here")
}
