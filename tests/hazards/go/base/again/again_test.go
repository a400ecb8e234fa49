package again

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestHelper(t *testing.T) {
	if os.Getenv("HAZARD_HELPER") == "" {
		t.Skip("it is started by another test")
	}
	fmt.Println("somebody", Word())
	os.Exit(0)
}

func TestStarts(t *testing.T) {
	helper := exec.Command(os.Args[0], "-test.run=Helper")
	helper.Env = append(os.Environ(), "HAZARD_HELPER=1")
	output, err := helper.Output()
	fmt.Println(strings.TrimSpace(string(output)), err)
}

func TestAway(t *testing.T) { fmt.Println("away") }
