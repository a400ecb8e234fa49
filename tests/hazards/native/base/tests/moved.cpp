#include "check.h"
#include "moved.h"

TEST(moved_early) { printf("%d\n", early()); }
TEST(moved_middle) { printf("%d %d\n", middle(1), middle(3)); }
TEST(moved_late) { printf("%d\n", late()); }
TEST(moved_forward) { printf("%d\n", Mover{5}.forward()); }
TEST(moved_backward) { printf("%d\n", Mover{5}.backward()); }
