#include "limits.h"
#include <cstdio>

static int own() {
    return 12;
}

int main() {
    printf("%d %d\n", own(), plain());
}
