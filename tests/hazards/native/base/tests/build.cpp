#include "check.h"
#include "build.h"
#include <cassert>

static int goal() {
    return 42;
}

TEST(build_label) { printf("%s\n", label()); }
TEST(build_version) { printf("%d\n", version()); }
TEST(build_name) { printf("%s\n", name()); }
TEST(order_fails) { CHECK(goal() == 43); }
TEST(order_reaches) { CHECK(goal() == 42); printf("%d\n", goal()); }
TEST(order_asserts) { assert(goal() == 43); }
TEST(order_aborts) { if (goal() == 42) abort(); }
TEST(order_exits) { exit(goal() - 42); }
