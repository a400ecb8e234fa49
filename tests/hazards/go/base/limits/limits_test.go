package limits

import (
	"fmt"
	"testing"
)

func TestInline(t *testing.T)  { fmt.Println(InlineSize()) }
func TestGreet(t *testing.T)   { fmt.Println(Greet("you")) }
func TestStep(t *testing.T)    { fmt.Println(Stepped(1)) }
func TestScale(t *testing.T)   { fmt.Println(Scaled(5)) }
func TestLevels(t *testing.T)  { fmt.Println(LevelNumber(Low), LevelNumber(High)) }
func TestFlags(t *testing.T)   { fmt.Println(Flags()) }
func TestRecord(t *testing.T)  { fmt.Println(RecordSize()) }
func TestID(t *testing.T)      { fmt.Println(IDSize()) }
func TestTable(t *testing.T)   { fmt.Println(TableSum()) }
func TestName(t *testing.T)    { fmt.Println(LevelName(High)) }
func TestPlain(t *testing.T)   { fmt.Println(Plain()) }
func TestNothing(t *testing.T) { fmt.Println("nothing") }
