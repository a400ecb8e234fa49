package early

import (
	"fmt"
	"testing"
)

func TestEarlyOrder(t *testing.T) { fmt.Println(Order()) }
func TestEarlyNames(t *testing.T) { fmt.Println(Names()) }
func TestEarlyWidth(t *testing.T) { fmt.Println(Width()) }
