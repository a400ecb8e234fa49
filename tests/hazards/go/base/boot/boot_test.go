package boot

import (
	"fmt"
	"testing"
)

func TestStart(t *testing.T)      { fmt.Println(Start) }
func TestOrder(t *testing.T)      { fmt.Println(Order()) }
func TestRegistered(t *testing.T) { fmt.Println(Registered()) }
func TestSetting(t *testing.T)    { fmt.Println(Setting()) }
func TestLazy(t *testing.T)       { fmt.Println(Lazy()) }
func TestPlus(t *testing.T)       { fmt.Println(Handle("plus", 4)) }
func TestMinus(t *testing.T)      { fmt.Println(Handle("minus", 4)) }
func TestEager(t *testing.T)      { fmt.Println(Eager()) }
