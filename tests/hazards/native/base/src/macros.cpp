#include "macros.h"

int doubled(int number) {
    return TWICE(number);
}

int nested() {
    return OUTER;
}

static const int list[] = {
#include "list.inc"
};

int list_sum() {
    int sum = 0;
    for (int number : list) sum += number;
    return sum;
}

int unmade() {
    return 3;
}
