package boot

func init() {
	order = append(order, "zero")
}
