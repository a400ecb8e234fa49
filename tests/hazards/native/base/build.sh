#!/bin/sh
# Builds all programs below $BUILD with $CXX and $CXXFLAGS, and writes down for CTest what tests there are.
set -eu
root=$(pwd)
build=${BUILD:-$root/build}
defines="-DFEATURE_ROUND=1 -DLABEL=none"
standard=c++20
mkdir -p "$build"
{
    echo "cxx = ${CXX:-clang++}"
    echo "flags = -std=$standard $defines -iquote $root/include -iquote $root/src ${CXXFLAGS:-}"
    echo "rule compile"
    echo "  command = \$cxx \$flags -MD -MF \$out.d -c \$in -o \$out"
    echo "  depfile = \$out.d"
    echo "  deps = gcc"
    echo "rule link"
    echo "  command = \$cxx \$flags \$in -o \$out"
    common=
    for source in src/*.cpp; do
        name=$(basename "$source" .cpp)
        echo "build src_$name.o: compile $root/$source"
        common="$common src_$name.o"
    done
    unit=
    for source in tests/*.cpp; do
        name=$(basename "$source" .cpp)
        echo "build tests_$name.o: compile $root/$source"
        unit="$unit tests_$name.o"
    done
    for source in tool/*.cpp plain/*.cpp; do
        name=$(basename "$source" .cpp)
        echo "build $name.o: compile $root/$source"
        echo "build $name: link $name.o $common"
    done
    echo "build unit: link $unit $common"
} > "$build/build.ninja.new"
cmp -s "$build/build.ninja.new" "$build/build.ninja" || cp "$build/build.ninja.new" "$build/build.ninja"
rm "$build/build.ninja.new"
ninja -C "$build" -j2
{
    for name in $(LLVM_PROFILE_FILE=/dev/null "$build/unit"); do
        echo "add_test([=[$name]=] \"$build/unit\" \"$name\")"
        echo "set_tests_properties([=[$name]=] PROPERTIES WORKING_DIRECTORY \"$root\" ENVIRONMENT \"TOOL=$build/tool\")"
    done
    echo "add_test([=[plain]=] \"$build/plain\")"
    echo "set_tests_properties([=[plain]=] PROPERTIES WORKING_DIRECTORY \"$root\")"
} > "$build/CTestTestfile.cmake"
