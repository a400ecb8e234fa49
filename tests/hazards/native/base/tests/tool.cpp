#include "check.h"
#include "files.h"

static std::string tool(const char *arguments) {
    return run("exec " + std::string(getenv("TOOL")) + " " + arguments);
}

TEST(tool_usage) { printf("%s\n", tool("").c_str()); }
TEST(tool_greet) { printf("%s\n", tool("greet world").c_str()); }
TEST(tool_size) { printf("%s\n", tool("size").c_str()); }
TEST(tool_relay) { printf("%s\n", tool("relay child").c_str()); }
TEST(tool_fail) { printf("%s\n", tool("fail").c_str()); }
TEST(tool_die) { printf("%s\n", tool("die").c_str()); }
TEST(tool_unknown) { printf("%s\n", tool("dance").c_str()); }
TEST(tool_not) { printf("%s\n", "nothing"); }
