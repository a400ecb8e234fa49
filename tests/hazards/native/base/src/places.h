#pragma once
#include <source_location>

#define HERE (__FILE_NAME__)
#define SPOT() spot(__LINE__)

int spot(int line);
int line();
const char *file();
const char *function();
int location();
int default_location(std::source_location place = std::source_location::current());
int called();
int spotted();
int nowhere();
