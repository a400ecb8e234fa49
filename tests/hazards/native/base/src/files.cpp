#include "files.h"
#include <algorithm>
#include <cstdio>
#include <dirent.h>
#include <vector>

std::string read(const std::string &path) {
    FILE *file = fopen(path.c_str(), "r");
    if (!file) return "nothing";
    char buffer[4096];
    size_t length = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    return std::string(buffer, length);
}

std::string list(const std::string &folder) {
    std::vector<std::string> names;
    if (DIR *entries = opendir(folder.c_str())) {
        while (dirent *entry = readdir(entries)) names.push_back(entry->d_name);
        closedir(entries);
    }
    std::sort(names.begin(), names.end());
    std::string all;
    for (auto &name : names) all += name + " ";
    return all;
}

std::string run(const std::string &command) {
    FILE *pipe = popen(command.c_str(), "r");
    char buffer[4096];
    size_t length = fread(buffer, 1, sizeof buffer, pipe);
    int code = pclose(pipe);
    return std::string(buffer, length) + std::to_string(code);
}

std::string none() {
    return "none";
}
