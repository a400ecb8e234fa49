// Package spare registers itself, if somebody imports it.
package spare

import "example.org/hazard/boot/registry"

func init() { registry.Add("spare") }
