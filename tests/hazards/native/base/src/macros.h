#pragma once
#include "colors.def.h"

#define TWICE(value) ((value) + (value))
#define INNER 5
#define OUTER (INNER + 1)
#define MAKE(name, value) \
    inline int name() { return value; }

MAKE(made, 11)
MAKE(also_made, 12)

enum Color {
#define COLOR(name, text) name,
    COLORS
#undef COLOR
};

inline const char *color_name(Color color) {
    switch (color) {
#define COLOR(name, text) \
    case name: \
        return text;
        COLORS
#undef COLOR
    }
    return "none";
}

int doubled(int number);
int nested();
int list_sum();
int unmade();
