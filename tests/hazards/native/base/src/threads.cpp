#include "random.h"
#include <pthread.h>

static void *part(void *argument) {
    int &number = *static_cast<int *>(argument);
    number *= 2;
    return nullptr;
}

int threaded() {
    int numbers[4] = {1, 2, 3, 4}, sum = 0;
    pthread_t threads[4];
    for (int at = 0; at < 4; at++) pthread_create(&threads[at], nullptr, part, &numbers[at]);
    for (int at = 0; at < 4; at++) pthread_join(threads[at], nullptr);
    for (int number : numbers) sum += number;
    return sum;
}
