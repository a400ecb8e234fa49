#include "check.h"
#include "shapes.h"

struct Own {
    int area() const { return 50; }
};

TEST(shapes_square) { printf("%d\n", scaled_area(Square{3})); }
TEST(shapes_bar) { printf("%d\n", scaled_area(Bar{2, 5})); }
TEST(shapes_own) { printf("%d\n", scaled_area(Own{})); }
TEST(shapes_inlined) { printf("%d\n", inlined(1)); }
TEST(shapes_forced) { printf("%d\n", forced(1)); }
TEST(shapes_sum) { printf("%d\n", sum(1, 2, 3)); }
TEST(shapes_closed) { printf("%d\n", closed()); }
TEST(shapes_stack) {
    Stack<int> stack;
    stack.push(1);
    stack.push(2);
    printf("%d\n", stack.top());
}
