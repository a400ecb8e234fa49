#pragma once
#define VERSION 3
#define NAME "configured"
// #define TURBO
