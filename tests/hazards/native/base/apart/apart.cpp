// Shares nothing with the other programs.
#include <cstdio>

int main() {
    printf("%d\n", 13);
}
