/* Calls a policy with the questions on standard input and writes the answers to standard output: `judge POLICY [OPTIONS]`.
 *
 * A question is a line `CALL LENGTH…`, the bytes of its arguments one after the other, and a line feed; the length of NULL is
 * `-`. An answer is a line `STATUS LENGTH`, its bytes (of the error where the status is not 0), and a line feed. Compiles as C
 * and as C++. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tidegate.h>

enum { ARGUMENTS = 4 };

struct question {
    char call[16];
    long lengths[ARGUMENTS]; /* -1 for NULL */
    char *arguments[ARGUMENTS];
    int count;
};

/* 1: a question, 0: the end, -1: not a question. */
static int read_question(struct question *question)
{
    char line[128];
    char *rest, *word;
    memset(question, 0, sizeof *question);
    if (!fgets(line, sizeof line, stdin))
        return 0;
    word = strtok_r(line, " \n", &rest);
    if (!word || strlen(word) >= sizeof question->call)
        return -1;
    strcpy(question->call, word);
    while ((word = strtok_r(NULL, " \n", &rest)) && question->count < ARGUMENTS)
        question->lengths[question->count++] = strcmp(word, "-") ? strtol(word, NULL, 10) : -1;
    for (int i = 0; i < question->count; i++) {
        if (question->lengths[i] < 0)
            continue;
        size_t length = (size_t)question->lengths[i];
        char *argument = (char *)malloc(length + 1);
        if (!argument || fread(argument, 1, length, stdin) != length) {
            free(argument);
            return -1;
        }
        argument[length] = '\0';
        question->arguments[i] = argument;
    }
    return getchar() == '\n' ? 1 : -1;
}

static tidegate_status ask(tidegate_policy policy, const struct question *question, char **answer, size_t *length)
{
    const char *const *text = (const char *const *)question->arguments;
    const uint8_t *event = (const uint8_t *)question->arguments[0];
    size_t event_length = (size_t)question->lengths[0];
    if (!strcmp(question->call, "validate"))
        return tidegate_validate(policy, event, event_length, text[1], answer, length);
    if (!strcmp(question->call, "migrate"))
        return tidegate_migrate(policy, event, event_length, text[1], text[2], answer, length);
    if (!strcmp(question->call, "next-attempt"))
        return tidegate_next_attempt(policy, text[0], (uint32_t)strtoul(text[1], NULL, 10), answer, length);
    if (!strcmp(question->call, "process"))
        return tidegate_process(policy, event, event_length, text[1], text[2], text[3], answer, length);
    if (!strcmp(question->call, "catalog"))
        return tidegate_catalog(policy, answer, length);
    if (!strcmp(question->call, "digest"))
        return tidegate_digest(policy, answer, length);
    fprintf(stderr, "judge: no such call: %s\n", question->call);
    exit(2);
}

int main(int count, char **arguments)
{
    tidegate_policy policy;
    struct question question;
    int read;
    if (count < 2) {
        fputs("usage: judge POLICY [OPTIONS]\n", stderr);
        return 2;
    }
    if (tidegate_open_file(arguments[1], count > 2 ? arguments[2] : NULL, &policy) != TIDEGATE_OK) {
        fprintf(stderr, "judge: %s\n", tidegate_last_error());
        return 3;
    }
    while ((read = read_question(&question)) == 1) {
        char *answer;
        size_t length;
        tidegate_status status = ask(policy, &question, &answer, &length);
        if (status == TIDEGATE_OK) {
            printf("0 %zu\n", length);
            fwrite(answer, 1, length, stdout);
        } else {
            printf("%d %zu\n%s", (int)status, strlen(tidegate_last_error()), tidegate_last_error());
        }
        putchar('\n');
        tidegate_free(answer);
        for (int i = 0; i < question.count; i++)
            free(question.arguments[i]);
    }
    if (tidegate_close(policy) != TIDEGATE_OK || tidegate_close(policy) != TIDEGATE_CLOSED)
        return 4;
    return read == 0 ? 0 : 2;
}
