// Command tool is the program.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"example.org/hazard/program/commands"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Println(commands.Usage)
		return
	}
	rest := os.Args[2:]
	switch os.Args[1] {
	case "greet":
		fmt.Println(commands.Greet(strings.Join(rest, " ")))
	case "size":
		fmt.Println(commands.Size())
	case "sum":
		sum, err := commands.Sum(rest)
		fmt.Println(sum, err)
	case "relay":
		relay(rest)
	case "fail":
		os.Exit(commands.ExitCode())
	default:
		fmt.Println(unknown(os.Args[1]))
	}
}

func relay(rest []string) {
	output, _ := exec.Command(os.Args[0], rest...).Output()
	fmt.Println("relayed", strings.TrimSpace(string(output)))
}

func unknown(command string) string { return command + " is unknown" }
