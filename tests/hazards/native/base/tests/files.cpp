#include "check.h"
#include "files.h"
#include "limits.h"

TEST(files_numbers) { printf("%s\n", read("data/numbers.txt").c_str()); }
TEST(files_optional) { printf("%s\n", read("data/optional.txt").c_str()); }
TEST(files_link) { printf("%s\n", read("data/current.txt").c_str()); }
TEST(files_many) { printf("%s\n", list("data/many").c_str()); }
TEST(files_sources) { printf("%s\n", list("plain").c_str()); }
TEST(files_script) { printf("%s\n", run("data/script.sh 2>/dev/null").c_str()); }
TEST(files_golden) { printf("%d\n", read("data/golden.txt") == std::string(greeting()) + "\n"); }
TEST(files_lint) { printf("%d\n", (int)read("src/moved.cpp").find('\t')); }
TEST(files_readme) { printf("%d\n", (int)read("README.md").size()); }
TEST(files_variable) { printf("%s\n", getenv("HAZARD_VARIABLE") ? getenv("HAZARD_VARIABLE") : "unset"); }
TEST(files_none) { printf("%s\n", none().c_str()); }
