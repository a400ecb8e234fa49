#include "build.h"
#include "config.h"

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)

const char *label() {
    return TEXT(LABEL);
}

int version() {
    return VERSION;
}

const char *name() {
    return NAME;
}
