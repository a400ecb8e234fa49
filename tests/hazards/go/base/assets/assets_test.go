package assets

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"example.org/hazard/limits"
)

func TestMotto(t *testing.T)    { fmt.Println(Motto()) }
func TestLogo(t *testing.T)     { fmt.Println(LogoSize()) }
func TestTexts(t *testing.T)    { fmt.Println(Texts()) }
func TestText(t *testing.T)     { fmt.Println(Text("a.txt")) }
func TestNumbers(t *testing.T)  { fmt.Println(Read("numbers.txt")) }
func TestLink(t *testing.T)     { fmt.Println(Read("current.txt")) }
func TestOptional(t *testing.T) { fmt.Println(Read("optional.txt")) }
func TestMany(t *testing.T)     { fmt.Println(List("testdata/many")) }
func TestMode(t *testing.T)     { fmt.Println(Mode("testdata/script.sh")) }
func TestNone(t *testing.T)     { fmt.Println(None()) }

func TestGolden(t *testing.T) {
	fmt.Println(Read("golden.txt") == limits.Greet("golden"))
}

func TestScript(t *testing.T) {
	output, err := exec.Command("testdata/script.sh").Output()
	fmt.Println(string(output), err != nil)
}

func TestSources(t *testing.T) {
	fmt.Println(List("../boot"))
}

func TestComments(t *testing.T) {
	data, err := os.ReadFile("../limits/limits.go")
	fmt.Println(strings.Contains(string(data), "TODO"), err)
}

func TestReadme(t *testing.T) {
	data, err := os.ReadFile("../README.md")
	fmt.Println(strings.Count(string(data), "\n"), err)
}

func FuzzTrim(f *testing.F) {
	f.Add(" added ")
	f.Fuzz(func(t *testing.T, text string) { fmt.Println(strings.TrimSpace(text)) })
}

func ExampleMotto() {
	fmt.Println(Motto())
	// Output: slow and steady
}
