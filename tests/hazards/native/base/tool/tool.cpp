#include "commands.h"
#include "files.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

static std::string unknown(const char *command) {
    return std::string(command) + " is unknown";
}

static void relay(const char *program, const char *name) {
    printf("relayed %s\n", run(std::string(program) + " greet " + name).c_str());
}

int main(int argc, char **argv) {
    if (argc < 2) {
        puts(usage);
    } else if (!strcmp(argv[1], "greet")) {
        puts(greet(argv[2]).c_str());
    } else if (!strcmp(argv[1], "size")) {
        puts(size_text().c_str());
    } else if (!strcmp(argv[1], "relay")) {
        relay(argv[0], argv[2]);
    } else if (!strcmp(argv[1], "fail")) {
        _exit(exit_code());
    } else if (!strcmp(argv[1], "die")) {
        puts(last_words());
        fflush(stdout);
        abort();
    } else {
        puts(unknown(argv[1]).c_str());
    }
}
