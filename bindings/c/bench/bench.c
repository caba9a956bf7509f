/* Measures what a policy costs a C program on Linux, and prints it as one line of JSON: `bench POLICY CACHE LIBRARY`.
 *
 * CACHE is a folder for compiled policies, LIBRARY the file whose size is reported. Times are medians of rounds; memory is what
 * opening the policy from the cache and a thousand calls add to the process. `cargo xtask bench bindings` compiles and runs it. */

#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tidegate.h>

enum { ROUNDS = 9, CALLS = 2000 };

static const char VALID[] =
    "{\"event_id\":\"e-1\",\"event_type\":\"task.created\",\"event_version\":\"1.0\",\"task_id\":42,\"user_id\":\"user-1\","
    "\"timestamp\":\"2026-03-01T09:30:00Z\",\"payload\":{\"title\":\"Water the plants\"}}";
static const char INVALID[] =
    "{\"event_id\":\"e-1\",\"event_type\":\"task.created\",\"event_version\":\"1.0\",\"task_id\":42,"
    "\"timestamp\":\"2026-03-01T09:30:00Z\",\"payload\":{\"title\":\"Water the plants\"}}";

static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench: %s: %s\n", what, tidegate_last_error());
        exit(2);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *rounds)
{
    qsort(rounds, ROUNDS, sizeof *rounds, by_size);
    return rounds[ROUNDS / 2];
}

static tidegate_policy opened(const char *file, const char *options)
{
    tidegate_policy policy;
    must(tidegate_open_file(file, options, &policy) == TIDEGATE_OK, file);
    return policy;
}

static void ask(tidegate_policy policy, const char *event, const char *begins)
{
    char *answer;
    tidegate_status status = tidegate_validate(policy, (const uint8_t *)event, strlen(event), NULL, &answer, NULL);
    must(status == TIDEGATE_OK, event);
    must(strncmp(answer, begins, strlen(begins)) == 0, answer);
    tidegate_free(answer);
}

static double microseconds(tidegate_policy policy, const char *event, const char *begins)
{
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (int call = 0; call < CALLS; call++)
            ask(policy, event, begins);
        rounds[round] = (seconds() - start) * 1e6 / CALLS;
    }
    return median(rounds);
}

static double milliseconds(const char *file, const char *options)
{
    double start = seconds();
    must(tidegate_close(opened(file, options)) == TIDEGATE_OK, "close");
    return (seconds() - start) * 1e3;
}

static double resident_mib(void)
{
    long size = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    must(statm && fscanf(statm, "%ld %ld", &size, &resident) == 2, "/proc/self/statm");
    fclose(statm);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* In a separate process, since compiling leaves memory behind, and before this process uses the library. */
static void fill_cache(const char *file, const char *options)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        opened(file, options);
        _exit(0);
    }
    must(child > 0 && waitpid(child, &status, 0) == child && status == 0, "filling the cache");
}

int main(int count, char **arguments)
{
    char cached[4096];
    struct stat library;
    double loads[ROUNDS];

    if (count != 4) {
        fputs("usage: bench POLICY CACHE LIBRARY\n", stderr);
        return 2;
    }
    const char *file = arguments[1];
    snprintf(cached, sizeof cached, "{\"cache_dir\":\"%s\"}", arguments[2]);
    must(stat(arguments[3], &library) == 0, arguments[3]);
    fill_cache(file, cached);

    double before = resident_mib();
    tidegate_policy policy = opened(file, cached);
    for (int call = 0; call < 1000; call++)
        ask(policy, VALID, "{\"valid\":true");
    double memory = resident_mib() - before;
    double valid = microseconds(policy, VALID, "{\"valid\":true");
    double invalid = microseconds(policy, INVALID, "{\"valid\":false");
    for (int round = 0; round < ROUNDS; round++)
        loads[round] = milliseconds(file, cached);
    double cold = milliseconds(file, NULL);
    printf("{\"language\":\"c\",\"valid_us\":%.2f,\"invalid_us\":%.2f,\"load_cold_ms\":%.2f,\"load_warm_ms\":%.2f,"
           "\"memory_mib\":%.2f,\"package_bytes\":%lld}\n",
           valid, invalid, cold, median(loads), memory, (long long)library.st_size);
    return 0;
}
