/* A Tidegate policy in a C program. Written by cbindgen from bindings/c/src; do not edit. */

#ifndef TIDEGATE_H
#define TIDEGATE_H

#include <stddef.h>
#include <stdint.h>

/*
 How a call ended. With any other status than `TIDEGATE_OK` there is no answer, and `tidegate_last_error` has the reason.
 */
typedef enum {
  /*
   There is an answer.
   */
  TIDEGATE_OK = 0,
  /*
   An argument cannot be used: a null pointer, text that is not UTF-8, options that are not understood.
   */
  TIDEGATE_ARGUMENT = 1,
  /*
   The handle was closed, or is not a handle.
   */
  TIDEGATE_CLOSED = 2,
  /*
   The file cannot be read.
   */
  TIDEGATE_IO = 3,
  /*
   The file is not a policy that can be run.
   */
  TIDEGATE_LOAD = 4,
  /*
   The policy misbehaved: it trapped, or took too long or too much memory. This says nothing about the event; the next call works.
   */
  TIDEGATE_FAULT = 5,
  /*
   The arguments make no sense to the policy, such as a `now` that is not a time, or attributes that are no object of strings.
   */
  TIDEGATE_MISUSE = 6,
  /*
   A bug in this library.
   */
  TIDEGATE_PANIC = 7,
  /*
   This process was forked from one that had opened a policy. Open policies after the fork only.
   */
  TIDEGATE_FORKED = 8,
} tidegate_status;

/*
 A handle to an open policy. 0 is never one.
 */
typedef uint64_t tidegate_policy;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Opens the policy in the file `path`. It is compiled, which takes seconds, unless it is in `cache_dir`.

 `options` is NULL or a JSON object; all members may be absent:
 `{"isolation":"reuse"|"fresh","deadline_ms":100,"memory_bytes":67108864,"output_bytes":16777216,"max_concurrent_calls":16,"cache_dir":"/path"}`.
 With `reuse` an instance of the policy serves one call after another until one of them faults; with `fresh` each call
 has its own. Calls beyond `max_concurrent_calls` wait. A `cache_dir` that cannot be used, or that other users can write to, is
 `TIDEGATE_IO`.

 # Safety
 `path` and `options` are NULL or NUL-terminated; `policy` is NULL or can be written.
 */
tidegate_status tidegate_open_file(const char *path,
                                   const char *options,
                                   tidegate_policy *policy);

/*
 Opens a policy that is already in memory. The bytes are not needed afterwards. `options` as in `tidegate_open_file`.

 # Safety
 `file` points to `length` bytes; `options` is NULL or NUL-terminated; `policy` is NULL or can be written.
 */
tidegate_status tidegate_open_bytes(const uint8_t *file,
                                    size_t length,
                                    const char *options,
                                    tidegate_policy *policy);

/*
 Closes a policy. Running calls finish; later ones return `TIDEGATE_CLOSED`, and so does closing again.
 */
tidegate_status tidegate_close(tidegate_policy policy);

/*
 Is this event one that the policy accepts? The answer is that of `json.validate`:
 `{"valid":true,"event_id":…,"event_type":…,"event_version":…,"key":…,"claim":…}` or
 `{"valid":false,"cause":"unreadable|unknown|invalid","event_id":…,"event_type":…,"violations":[{"code","path","message","rule","version"}]}`.
 An event that is not valid is an answer, and the status is `TIDEGATE_OK`.

 `attributes` are the event's CloudEvents attributes, a JSON object of strings such as `{"type":"order.placed"}`; NULL or the
 empty string is none. What is no such object gives `TIDEGATE_MISUSE`.

 # Safety
 `event` points to `length` bytes; `attributes` is NULL or NUL-terminated; `answer` and `answer_length` are NULL or can be
 written.
 */
tidegate_status tidegate_validate(tidegate_policy policy,
                                  const uint8_t *event,
                                  size_t length,
                                  const char *attributes,
                                  char **answer,
                                  size_t *answer_length);

/*
 Brings an event to the version `to_version`. The answer is that of `json.migrate`; its `event` is null when the text needs
 no change. `attributes` as in `tidegate_validate`.

 # Safety
 As for `tidegate_validate`; `to_version` is NULL or NUL-terminated.
 */
tidegate_status tidegate_migrate(tidegate_policy policy,
                                 const uint8_t *event,
                                 size_t length,
                                 const char *to_version,
                                 const char *attributes,
                                 char **answer,
                                 size_t *answer_length);

/*
 What follows when attempt number `attempt` at an event of this type failed? The first attempt is 0. The answer is that of
 `json.next-attempt`: `{"action":"retry|dead-letter","delay_ms":1000,"retries_left":2}`.

 # Safety
 `event_type` is NULL or NUL-terminated; `answer` and `answer_length` are NULL or can be written.
 */
tidegate_status tidegate_next_attempt(tidegate_policy policy,
                                      const char *event_type,
                                      uint32_t attempt,
                                      char **answer,
                                      size_t *answer_length);

/*
 What would a gate do with this event? `now` is the time to judge by, RFC 3339 with an offset; `target_version` is the
 version in which the event shall leave, or NULL for that of its type. The answer is that of `json.process`. A `now` that
 is not a time gives `TIDEGATE_MISUSE`. `attributes` as in `tidegate_validate`.

 # Safety
 As for `tidegate_validate`; `now` and `target_version` are NULL or NUL-terminated.
 */
tidegate_status tidegate_process(tidegate_policy policy,
                                 const uint8_t *event,
                                 size_t length,
                                 const char *now,
                                 const char *target_version,
                                 const char *attributes,
                                 char **answer,
                                 size_t *answer_length);

/*
 What the policy knows: its types, versions, examples, migrations, rules, retries, channels, envelope, dead letters, alerts and
 limits, as `json.catalog` gives it.

 # Safety
 `answer` and `answer_length` are NULL or can be written.
 */
tidegate_status tidegate_catalog(tidegate_policy policy,
                                 char **answer,
                                 size_t *answer_length);

/*
 The digest of the policy's file, such as `sha256:9f86d0…`; not JSON.

 # Safety
 `answer` and `answer_length` are NULL or can be written.
 */
tidegate_status tidegate_digest(tidegate_policy policy, char **answer, size_t *answer_length);

/*
 Frees an answer. NULL is allowed.

 # Safety
 `answer` is NULL or came from a function of this library and was not freed before.
 */
void tidegate_free(char *answer);

/*
 Why this thread's last call failed, in one line; the empty string if it did not. Valid until this thread's next call.
 */
const char *tidegate_last_error(void);

/*
 The version of this library, such as `0.1.0`.
 */
const char *tidegate_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TIDEGATE_H */
