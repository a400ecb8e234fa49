// The smallest framework there is.
#pragma once
#include <cstdio>
#include <cstdlib>

struct Registered {
    Registered(const char *name, void (*test)());
    const char *name;
    void (*test)();
    Registered *next;
};

#define TEST(name) \
    static void name(); \
    static Registered registered_##name(#name, name); \
    static void name()

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("%d: %s\n", __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)
