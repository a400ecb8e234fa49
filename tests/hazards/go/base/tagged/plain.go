//go:build !spicy

package tagged

const name = "plain"
