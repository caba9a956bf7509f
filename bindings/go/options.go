// The options with which a caller opens a policy, and of a call.

package tidegate

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Option is an option of [Open]. Of two for the same setting, the later one counts.
type Option struct {
	name  string
	value any
}

// Isolation is what calls share.
type Isolation string

const (
	// Reuse runs one call after another in an instance of the policy, until one of them faults. The default.
	Reuse Isolation = "reuse"
	// Fresh gives each call its own instance: no call sees what another left behind. It costs more.
	Fresh Isolation = "fresh"
)

// defaultPermits is how many calls run at once: each reserves gigabytes of addresses, though not of memory.
const defaultPermits = 16

const maxConcurrentCalls = "max_concurrent_calls"

// WithIsolation chooses what calls share; by default [Reuse].
func WithIsolation(isolation Isolation) Option {
	return Option{"isolation", isolation}
}

// WithDeadline ends a call that runs longer with a [*FaultError]; by default 100 ms. It must be positive, and
// is rounded up to milliseconds.
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

// WithCacheDir keeps compiled policies in a directory, which is created when it is missing: opening takes milliseconds the
// second time. No other user may write to it, since its files are executed: opening fails with [*LoadError] when others can,
// and when the directory cannot be used.
func WithCacheDir(path string) Option {
	return Option{"cache_dir", path}
}

// CallOption is an option of a call. Of two for the same setting, the later one counts.
type CallOption struct {
	attributes map[string]string
}

// WithAttributes gives the CloudEvents attributes of the event, such as "type"; by default it has none.
func WithAttributes(attributes map[string]string) CallOption {
	return CallOption{attributes}
}

// attributesOf returns the attributes as the library reads them, or "" for none.
func attributesOf(options []CallOption) (string, error) {
	var chosen map[string]string
	for _, option := range options {
		chosen = option.attributes
	}
	if len(chosen) == 0 {
		return "", nil
	}
	for name, value := range chosen {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return "", &MisuseError{Message: fmt.Sprintf("the attribute %q is not UTF-8: %q", name, value)}
		}
	}
	text, err := json.Marshal(chosen)
	return string(text), err
}

// choose returns the options as the library reads them, and how many calls may run at once.
func choose(options []Option) (chosen string, permits int, err error) {
	values := map[string]any{maxConcurrentCalls: defaultPermits}
	for _, option := range options {
		if text, ok := option.value.(string); ok && !utf8.ValidString(text) {
			return "", 0, &MisuseError{Message: fmt.Sprintf("%s is not UTF-8: %q", option.name, text)}
		}
		values[option.name] = option.value
	}
	text, err := json.Marshal(values)
	return string(text), values[maxConcurrentCalls].(int), err
}
