#pragma once

int flipped();
int sampled();
int threaded();
int settled();
