#include "check.h"
#include "random.h"

TEST(random_flips) { printf("%d\n", flipped()); }
TEST(random_samples) { printf("%d\n", sampled()); }
TEST(random_threads) { printf("%d\n", threaded()); }
TEST(random_settled) { printf("%d\n", settled()); }
