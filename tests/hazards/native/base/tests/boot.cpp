#include "check.h"
#include "boot.h"

TEST(boot_start) { printf("%d\n", start()); }
TEST(boot_order) { printf("%s\n", ordered().c_str()); }
TEST(boot_counter) { printf("%d\n", counter()); }
TEST(boot_lazy) { printf("%d\n", lazy()); }
TEST(boot_plus) { printf("%d\n", handle("plus", 4)); }
TEST(boot_minus) { printf("%d\n", handle("minus", 4)); }
TEST(boot_local) { printf("%d\n", local()); }
TEST(boot_eager) { printf("%d\n", eager()); }
