#include "check.h"
#include <cstring>

static Registered *first;

Registered::Registered(const char *name, void (*test)()) : name(name), test(test), next(first) {
    first = this;
}

int main(int argc, char **argv) {
    for (Registered *each = first; each; each = each->next) {
        if (argc < 2) {
            printf("%s\n", each->name);
        } else if (!strcmp(argv[1], each->name)) {
            each->test();
        }
    }
}
