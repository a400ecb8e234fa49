#include "commands.h"
#include "limits.h"

std::string greet(const std::string &name) {
    return std::string(greeting()) + ", " + name;
}

std::string size_text() {
    return std::to_string(inline_size()) + " bytes";
}

int exit_code() {
    return 3;
}

const char *last_words() {
    return "goodbye";
}
