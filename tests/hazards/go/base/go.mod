module example.org/hazard

go 1.23

require example.org/units v1.0.0

replace example.org/units => ./outside/units
