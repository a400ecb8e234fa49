#include "check.h"
#include "places.h"

TEST(places_line) { printf("%d\n", line()); }
TEST(places_file) { printf("%s\n", file()); }
TEST(places_function) { printf("%s\n", function()); }
TEST(places_location) { printf("%d\n", location()); }
TEST(places_called) { printf("%d\n", called()); }
TEST(places_spotted) { printf("%d\n", spotted()); }
TEST(places_nowhere) { printf("%d\n", nowhere()); }
