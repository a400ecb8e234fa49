// Package plain registers itself.
package plain

import "example.org/hazard/boot/registry"

func init() { registry.Add(name()) }

func name() string { return "plain" }
