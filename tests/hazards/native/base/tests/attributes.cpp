#include "check.h"
#include "attributes.h"

TEST(attributes_layout) { printf("%d\n", layout_size()); }
TEST(attributes_round) { printf("%.1f\n", rounded(1.6)); }
TEST(attributes_mode) { printf("%s\n", mode()); }
TEST(attributes_checked) { printf("%s\n", checked()); }
TEST(attributes_standard) { printf("%s\n", standard()); }
TEST(attributes_bit) { printf("%d\n", bit()); }
TEST(attributes_steady) { printf("%d\n", steady()); }
