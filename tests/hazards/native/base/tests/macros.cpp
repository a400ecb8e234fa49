#include "check.h"
#include "macros.h"

TEST(macros_double) { printf("%d\n", doubled(4)); }
TEST(macros_nest) { printf("%d\n", nested()); }
TEST(macros_make) { printf("%d %d\n", made(), also_made()); }
TEST(macros_color) { printf("%d %s\n", Green, color_name(Green)); }
TEST(macros_list) { printf("%d\n", list_sum()); }
TEST(macros_unmade) { printf("%d\n", unmade()); }
