#include "check.h"
#include "limits.h"

TEST(limits_inline) { printf("%d\n", inline_size()); }
TEST(limits_greeting) { printf("%s\n", greeting()); }
TEST(limits_step) { printf("%d\n", stepped(1)); }
TEST(limits_scale) { printf("%d\n", scaled(5)); }
TEST(limits_scale_by) { printf("%d\n", scaled_by(5)); }
TEST(limits_level) { printf("%d %d\n", level_number(Low), level_number(High)); }
TEST(limits_flag) { printf("%d\n", flag_size()); }
TEST(limits_record) { printf("%d\n", record_size()); }
TEST(limits_defaults) { printf("%d\n", area_of_defaults()); }
TEST(limits_id) { printf("%d\n", id_size()); }
TEST(limits_squares) { printf("%d\n", squares()); }
TEST(limits_table) { printf("%d\n", table_sum()); }
TEST(limits_buffer) { printf("%d\n", buffer_size()); }
TEST(limits_plain) { printf("%d\n", plain()); }
