#pragma once
#include "config.h"

const int MAX_INLINE = 4;
constexpr int STEP = 2;
constexpr int DOUBLE_STEP = STEP * 2;
#define GREETING "hello"
inline int factor = 3;

enum Level { Low = 1, High };
enum class Flag : unsigned char { Read = 1, Write = 2 };

struct Inline {
    char bytes[MAX_INLINE];
};

struct Record {
    char flag;
    int number;
};

struct Defaults {
    int width = 7;
    int height = 8;
};

typedef unsigned int Id;

constexpr int square(int number) {
    return number * number;
}

template <int N = 8> struct Buffer {
    char bytes[N];
};

int scaled_by(int number, int by = 3);
int inline_size();
const char *greeting();
int stepped(int number);
int scaled(int number);
int level_number(Level level);
int flag_size();
int record_size();
int area_of_defaults();
int id_size();
int squares();
int table_sum();
int buffer_size();
int plain();
