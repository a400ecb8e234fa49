package tagged

const system = "linux"
