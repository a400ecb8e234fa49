//go:build !linux

package tagged

const system = "other"
