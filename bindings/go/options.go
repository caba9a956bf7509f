// What a caller may choose when it opens a policy.

package tidegate

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Option is a choice for [Open]. Of two that choose the same the later one counts.
type Option struct {
	name  string
	value any
}

// Isolation is what calls share.
type Isolation string

const (
	// Reuse lets one call after another use an instance of the policy, until one of them faults. The default.
	Reuse Isolation = "reuse"
	// Fresh gives each call an instance of its own: nothing that a call leaves behind reaches another. It costs more.
	Fresh Isolation = "fresh"
)

// defaultPlaces is how many calls run at once: each place reserves gigabytes of addresses, though not of memory.
const defaultPlaces = 16

const maxConcurrentCalls = "max_concurrent_calls"

// WithIsolation chooses what calls share; by default [Reuse].
func WithIsolation(isolation Isolation) Option {
	return Option{"isolation", isolation}
}

// WithDeadline ends a call that runs longer with a [*FaultError]; by default 100 ms. It is more than 0, and
// parts of a millisecond count as a whole one.
func WithDeadline(deadline time.Duration) Option {
	return Option{"deadline_ms", (deadline + time.Millisecond - 1).Milliseconds()}
}

// WithMemoryLimit bounds the memory of an instance, in bytes; by default 64 MiB.
func WithMemoryLimit(bytes int64) Option {
	return Option{"memory_bytes", bytes}
}

// WithOutputLimit bounds an answer, in bytes; by default 16 MiB.
func WithOutputLimit(bytes int64) Option {
	return Option{"output_bytes", bytes}
}

// WithMaxConcurrentCalls bounds how many calls run at once, by default 16; the others wait. At least 1.
func WithMaxConcurrentCalls(calls int) Option {
	return Option{maxConcurrentCalls, calls}
}

// WithCacheDir keeps compiled policies in a directory, which is made when it is missing: opening takes milliseconds the
// second time. Nobody else may write there, since what it holds is run; opening fails with [*LoadError] where others may, and
// where the directory cannot be used.
func WithCacheDir(path string) Option {
	return Option{"cache_dir", path}
}

// choose gives the options as the library reads them, and how many calls may run at once.
func choose(options []Option) (chosen string, places int, err error) {
	values := map[string]any{maxConcurrentCalls: defaultPlaces}
	for _, option := range options {
		if text, ok := option.value.(string); ok && !utf8.ValidString(text) {
			return "", 0, &MisuseError{Message: fmt.Sprintf("%s is not UTF-8: %q", option.name, text)}
		}
		values[option.name] = option.value
	}
	text, err := json.Marshal(values)
	return string(text), values[maxConcurrentCalls].(int), err
}
