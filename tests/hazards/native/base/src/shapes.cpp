#include "shapes.h"

int closed() {
    auto add = [](int number) { return number + 3; };
    return add(4);
}

int never_called() {
    return inlined(0);
}
