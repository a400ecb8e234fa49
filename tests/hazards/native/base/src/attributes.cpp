#include "attributes.h"
#include "config.h"
#include <cmath>

int layout_size() {
    return sizeof(Layout);
}

#ifdef FEATURE_ROUND
double rounded(double number) {
    return std::round(number);
}
#else
double rounded(double number) {
    return number;
}
#endif

const char *mode() {
#ifdef TURBO
    return "turbo";
#else
    return "calm";
#endif
}

const char *checked() {
#ifdef NDEBUG
    return "unchecked";
#else
    return "checked";
#endif
}

const char *standard() {
#if __cplusplus > 202002L
    return "new";
#else
    return "old";
#endif
}

struct Bits {
    unsigned low : 3;
    unsigned high : 5;
};

int bit() {
    Bits bits = {9u & 7u, 3};
    return bits.low;
}

int steady() {
    return 4;
}
