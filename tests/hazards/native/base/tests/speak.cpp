#include "check.h"
#include "speak.h"

TEST(speak_dog) { printf("%s\n", Dog().speak().c_str()); }
TEST(speak_cat) { printf("%s\n", Cat().twice().c_str()); }
TEST(speak_kitten) { printf("%s\n", Kitten().twice().c_str()); }
TEST(speak_chorus) { printf("%s\n", chorus().c_str()); }
TEST(speak_kind) { printf("%s\n", kind_of_number()); }
TEST(speak_shape) { printf("%s\n", shape_of_number()); }
TEST(speak_size) { printf("%d\n", size_of_length()); }
TEST(speak_worth) { printf("%s\n", worth_of_seven()); }
TEST(speak_guard) { printf("%d\n", guarded()); }
TEST(speak_copy) { printf("%d\n", copied()); }
TEST(speak_truth) { printf("%d\n", truth_of_text()); }
TEST(speak_derived) { printf("%d\n", derived_level()); }
TEST(speak_before) { printf("%d\n", is_before(1, 2)); }
TEST(speak_alone) { printf("%d\n", alone()); }
