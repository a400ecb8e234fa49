#pragma once

struct Layout {
    char first;
    int second;
    char third;
};

struct Switch {
    explicit Switch(int number) : number(number) {}
    int number;
};

int layout_size();
double rounded(double number);
const char *mode();
const char *checked();
const char *standard();
int bit();
int steady();
