/* Validates the event on standard input: `validate POLICY < EVENT`. Exit code 0 when it is valid, 1 when it is not. */

#include <stdio.h>
#include <string.h>

#include <tidegate.h>

static int failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, tidegate_last_error());
    return 2;
}

int main(int count, char **arguments)
{
    static uint8_t event[(1 << 20) + 1]; /* one more than the limit, so that a longer event is too large */
    size_t length = fread(event, 1, sizeof event, stdin);
    tidegate_policy policy;
    char *answer;

    if (count != 2) {
        fputs("usage: validate POLICY < EVENT\n", stderr);
        return 2;
    }
    if (tidegate_open_file(arguments[1], NULL, &policy) != TIDEGATE_OK)
        return failed(arguments[1]);
    if (tidegate_validate(policy, event, length, NULL, &answer, NULL) != TIDEGATE_OK)
        return failed("standard input");

    puts(answer);
    int valid = strncmp(answer, "{\"valid\":true", 13) == 0;
    tidegate_free(answer);
    tidegate_close(policy);
    return valid ? 0 : 1;
}
