// Its parts count nothing when they are executed.
#include "bare.h"
#include <cstdio>

static int twice(int number) {
    return 2 * number;
}

int answer() {
    return twice(21);
}

int main() {
    printf("%d\n", answer());
}
