#include "boot.h"

static const int registered = (order() += "two ", 1);

__attribute__((constructor)) static void construct() {
    counter() += 1;
}
