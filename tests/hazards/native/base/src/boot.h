#pragma once
#include <string>

std::string &order();
int &counter();
int start();
int lazy();
int handle(const char *name, int number);
int local();
int eager();
std::string ordered();
