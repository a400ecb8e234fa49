#pragma once
#include <string>

std::string read(const std::string &path);
std::string list(const std::string &folder);
std::string run(const std::string &command);
std::string none();
