#pragma once

struct Square {
    int side;
    int area() const { return side * side; }
};

struct Bar {
    int width, height;
    int area() const { return width * height; }
};

template <class T> struct Scale {
    static constexpr int by = 1;
};

template <class T> int scaled_area(const T &shape) {
    return shape.area() * Scale<T>::by;
}

template <class T> class Stack {
public:
    void push(T item) { items[count++] = item; }
    T top() const { return items[count - 1]; }

private:
    T items[8];
    int count = 0;
};

inline int inlined(int number) {
    return number + 100;
}

__attribute__((always_inline)) inline int forced(int number) {
    return number + 200;
}

template <class... T> int sum(T... numbers) {
    return (numbers + ... + 0);
}

int closed();
int never_called();
