package random

var choices = []func() int{
	choice00,
	choice01,
	choice02,
	choice03,
	choice04,
	choice05,
	choice06,
	choice07,
	choice08,
	choice09,
	choice10,
	choice11,
	choice12,
	choice13,
	choice14,
	choice15,
}

func choice00() int { return 10 }

func choice01() int { return 10 }

func choice02() int { return 10 }

func choice03() int { return 10 }

func choice04() int { return 10 }

func choice05() int { return 10 }

func choice06() int { return 10 }

func choice07() int { return 10 }

func choice08() int { return 10 }

func choice09() int { return 10 }

func choice10() int { return 10 }

func choice11() int { return 10 }

func choice12() int { return 10 }

func choice13() int { return 10 }

func choice14() int { return 10 }

func choice15() int { return 10 }
