#include "speak.h"
#include <memory>
#include <vector>

std::string chorus() {
    std::vector<std::unique_ptr<Speaker>> all;
    all.push_back(std::make_unique<Dog>());
    all.push_back(std::make_unique<Cat>());
    std::string said;
    for (auto &each : all) said += each->speak() + " ";
    return said;
}

const char *kind_of_number() {
    return kind(1);
}

const char *shape_of_number() {
    return shape(1);
}

int size_of_length() {
    return size(metric::Length{4});
}

const char *worth_of_seven() {
    return worth(7.0f);
}

int guarded() {
    int count = 0;
    {
        Guard guard{count};
        guard.count += 1;
    }
    return count;
}

static Box same(Box box) {
    return box;
}

int copied() {
    Box box;
    return same(box).value;
}

int truth_of_text() {
    int truth = Text{"text"};
    return truth + 1;
}

int derived_level() {
    Derived derived;
    return derived.level();
}

bool operator<(const Coin &one, const Coin &other) {
    return one.cents < other.cents;
}

bool is_before(Coin one, Coin other) {
    return one < other;
}

int alone() {
    return 9;
}
