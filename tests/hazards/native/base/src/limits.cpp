#include "limits.h"

static const int table[] = {1, 2, 3};
static char square_table[square(2)];

int scaled_by(int number, int by) {
    return number * by;
}

int inline_size() {
    return sizeof(Inline);
}

const char *greeting() {
    return GREETING;
}

int stepped(int number) {
    return number + DOUBLE_STEP;
}

int scaled(int number) {
    return number * factor;
}

int level_number(Level level) {
    return level;
}

int flag_size() {
    return sizeof(Flag);
}

int record_size() {
    return sizeof(Record);
}

int area_of_defaults() {
    Defaults defaults;
    return defaults.width * defaults.height;
}

int id_size() {
    return sizeof(Id);
}

int squares() {
    return sizeof(square_table);
}

int table_sum() {
    int sum = 0;
    for (int number : table) sum += number;
    return sum;
}

int buffer_size() {
    return sizeof(Buffer<>);
}

int plain() {
    return 7;
}
