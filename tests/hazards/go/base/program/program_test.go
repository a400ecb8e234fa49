package program

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var (
	once sync.Once
	path string
)

// tool builds the program, once in each process that runs tests.
func tool(t *testing.T) string {
	once.Do(func() {
		folder, err := os.MkdirTemp("", "tool")
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(folder, "tool")
		build := exec.Command("go", "build", "-cover", "-coverpkg=example.org/hazard/...", "-o", path, "./tool")
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatal(string(output))
		}
	})
	return path
}

func run(t *testing.T, arguments ...string) {
	command := exec.Command(tool(t), arguments...)
	if os.Getenv("GOCOVERDIR") == "" {
		command.Env = append(os.Environ(), "GOCOVERDIR="+t.TempDir())
	}
	output, err := command.Output()
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	fmt.Println(code, strings.TrimSpace(string(output)))
}

func TestGreets(t *testing.T)  { run(t, "greet", "world") }
func TestSize(t *testing.T)    { run(t, "size") }
func TestSum(t *testing.T)     { run(t, "sum", "1", "two") }
func TestRelays(t *testing.T)  { run(t, "relay", "greet", "child") }
func TestFails(t *testing.T)   { run(t, "fail") }
func TestUnknown(t *testing.T) { run(t, "dance") }
func TestNothing(t *testing.T) { fmt.Println(Nothing()) }
