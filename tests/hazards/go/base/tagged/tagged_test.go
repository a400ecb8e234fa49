package tagged

import (
	"fmt"
	"testing"
)

func TestName(t *testing.T)   { fmt.Println(Name()) }
func TestSystem(t *testing.T) { fmt.Println(System()) }
func TestOwn(t *testing.T)    { fmt.Println(Own()) }
