#pragma once
#include <string>

inline const char *usage = "usage: tool greet|size|sum|relay|fail|die";
std::string greet(const std::string &name);
std::string size_text();
int exit_code();
const char *last_words();
