#include "random.h"
#include <ctime>

static int heads() {
    return 10;
}

static int tails() {
    return 10;
}

static unsigned seed() {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_nsec / 64;
}

typedef int Choice();

template <int N> static int choice() {
    return 10;
}

static int choice_a() { return 10; }
static int choice_b() { return 10; }
static int choice_c() { return 10; }
static int choice_d() { return 10; }
static int choice_e() { return 10; }
static int choice_f() { return 10; }
static int choice_g() { return 10; }
static int choice_h() { return 10; }
static int choice_i() { return 10; }
static int choice_j() { return 10; }
static int choice_k() { return 10; }
static int choice_l() { return 10; }
static int choice_m() { return 10; }
static int choice_n() { return 10; }
static int choice_o() { return 10; }
static int choice_p() { return 10; }

static Choice *choices[] = {choice_a, choice_b, choice_c, choice_d, choice_e, choice_f, choice_g, choice_h,
                            choice_i, choice_j, choice_k, choice_l, choice_m, choice_n, choice_o, choice_p};

int flipped() {
    return choices[seed() % 16]();
}

int sampled() {
    int sum = 0;
    for (int at = 0; at < 64; at++) sum += at % 2 ? heads() : tails();
    return sum + (seed() % 2 ? choice<1>() - choice<2>() : choice<2>() - choice<1>());
}

int settled() {
    return 55;
}
