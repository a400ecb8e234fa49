#include "boot.h"
#include <cstring>

std::string &order() {
    static std::string names;
    return names;
}

int &counter() {
    static int count = 100;
    return count;
}

static int first() {
    return 4;
}

int started = first() * 10;

struct Starter {
    Starter() { order() += "one "; }
};

static Starter starter;

int start() {
    return started;
}

static int lazy_start() {
    return 60;
}

int lazy() {
    static int value = lazy_start();
    return value;
}

static int plus(int number) {
    return number + 1;
}

static int times(int number) {
    return number * 2;
}

struct Handler {
    const char *name;
    int (*call)(int);
};

static const Handler handlers[] = {{"plus", plus}, {"times", times}};

int handle(const char *name, int number) {
    for (const Handler &handler : handlers)
        if (!strcmp(handler.name, name)) return handler.call(number);
    return -1;
}

thread_local int own = 40;

int local() {
    return own;
}

int eager() {
    return 2;
}

std::string ordered() {
    return order();
}
