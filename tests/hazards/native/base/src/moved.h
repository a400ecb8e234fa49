#pragma once

int early();
int middle(int number);
int late();
int unused();

struct Mover {
    int at;
    int forward() const;
    int backward() const;
};
