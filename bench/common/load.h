/* What the clients that send load have in common: the clock, and the times that calls took. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct times { double *each; size_t count, room; };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) { perror(what); exit(1); }

static void keep(struct times *times, double time) {
    if (times->count == times->room) {
        times->room = times->room ? 2 * times->room : 1 << 16;
        times->each = realloc(times->each, times->room * sizeof *times->each);
        if (!times->each) fail("memory");
    }
    times->each[times->count++] = time;
}

static int order(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static double at(const struct times *sorted, double part) {
    return sorted->count ? sorted->each[(size_t)(part * (sorted->count - 1))] * 1e6 : 0;
}
