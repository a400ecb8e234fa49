#include "moved.h"

int early() {
    return 1;
}

int middle(int number) {
    if (number > 2) {
        return number * 10;
    }
    return number;
}

int late() {
    return 3;
}

int Mover::forward() const {
    return at + 1;
}

int Mover::backward() const {
    return at - 1;
}

// Old and never called.
int unused() {
    return 1000000;
}
