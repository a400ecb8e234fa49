package shapes_test

import (
	"fmt"
	"testing"

	"example.org/hazard/shapes"
)

type triangle struct{}

func (triangle) Area() int { return 50 }

func TestTriangle(t *testing.T) { fmt.Println(shapes.Scaled(triangle{})) }
func TestOuter(t *testing.T)    { fmt.Println("outer") }
