// Package settled shares no process with tests that chance decides.
package settled

import (
	"fmt"
	"testing"

	"example.org/hazard/random"
)

func TestSettled(t *testing.T) { fmt.Println(random.Settled()) }
