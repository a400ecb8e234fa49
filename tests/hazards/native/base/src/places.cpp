#include "places.h"

int spot(int line) {
    return line * 2;
}

int line() {
    return __LINE__;
}

const char *file() {
    return HERE;
}

const char *function() {
    return __func__;
}

int location() {
    return std::source_location::current().line();
}

int default_location(std::source_location place) {
    return place.line();
}

int called() {
    return default_location();
}

int spotted() {
    return SPOT();
}

int nowhere() {
    return 6;
}
