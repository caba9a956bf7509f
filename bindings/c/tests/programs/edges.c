/* Edge cases: a thread that ends and closes its policy, a call with an impossible length, fork.
 * `edges POLICY OPTIONS`; exit code 0 when the library behaves. */

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tidegate.h>

static const char *path, *options;

static tidegate_policy opened(void)
{
    tidegate_policy policy = 0;
    if (tidegate_open_file(path, options, &policy) != TIDEGATE_OK)
        fprintf(stderr, "edges: %s\n", tidegate_last_error());
    return policy;
}

/* Runs when the locals of the thread are gone. */
static void close_late(void *policy)
{
    tidegate_close((tidegate_policy)(uintptr_t)policy);
    tidegate_close((tidegate_policy)(uintptr_t)policy);
    puts(tidegate_last_error());
}

static void *thread(void *key)
{
    pthread_setspecific(*(pthread_key_t *)key, (void *)(uintptr_t)opened());
    return NULL;
}

static int a_thread_ends(void)
{
    pthread_key_t key;
    pthread_t id;
    return pthread_key_create(&key, close_late) || pthread_create(&id, NULL, thread, &key) || pthread_join(id, NULL);
}

static int a_length_is_none(tidegate_policy policy)
{
    const uint8_t byte = '{';
    char *answer;
    return tidegate_validate(policy, &byte, (size_t)-1, NULL, &answer, NULL) != TIDEGATE_ARGUMENT || answer != NULL;
}

static int a_child_is_told(tidegate_policy policy)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        tidegate_policy other = 1;
        char *answer;
        alarm(20);
        _exit(tidegate_catalog(policy, &answer, NULL) == TIDEGATE_FORKED
                      && tidegate_open_file(path, options, &other) == TIDEGATE_FORKED && other == 0
                      && strstr(tidegate_last_error(), "forked")
                  ? 0
                  : 1);
    }
    return waitpid(child, &status, 0) != child || status != 0;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    path = arguments[1];
    options = arguments[2];
    tidegate_policy policy = opened();
    if (a_thread_ends())
        return 3;
    if (a_length_is_none(policy))
        return 4;
    if (a_child_is_told(policy))
        return 5;
    return tidegate_close(policy) == TIDEGATE_OK ? 0 : 6;
}
