#pragma once
#include <string>

struct Speaker {
    virtual ~Speaker() = default;
    virtual std::string speak() const { return "nothing"; }
    std::string twice() const { return speak() + " " + speak(); }
};

struct Dog : Speaker {
    std::string speak() const override { return "woof"; }
};

struct Cat : Speaker {
};

struct Kitten : Cat {
};

inline const char *kind(long) { return "long"; }
inline const char *kind(const void *) { return "pointer"; }

template <class T> const char *shape(T) { return "general"; }

namespace metric {
struct Length {
    int value;
};
inline int size(Length length) { return length.value * 10; }
} // namespace metric

inline int size(...) { return 1; }

struct Coin {
    int cents;
    Coin(int cents) : cents(cents) {}
};

inline const char *worth(Coin) { return "coin"; }
inline const char *worth(double) { return "double"; }

struct Guard {
    int &count;
};

struct Box {
    int value = 0;
    Box() = default;
    Box(const Box &other) : value(other.value + 1) {}
};

struct Text {
    const char *text;
    operator bool() const { return true; }
};

struct Base {
    int level() { return 5; }
};

struct Derived : Base {
};

std::string chorus();
const char *kind_of_number();
const char *shape_of_number();
int size_of_length();
const char *worth_of_seven();
int guarded();
int copied();
int truth_of_text();
int derived_level();
bool is_before(Coin one, Coin other);
int alone();
