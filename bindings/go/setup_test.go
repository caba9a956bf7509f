// What the tests share: policies that `cargo xtask build` made, and events for them.

package tidegate

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// root is the repository's.
const root = "../.."

const (
	valid = `{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":42,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants"}}`
	// validNext is valid in the next version.
	validNext = `{"event_id":"e-1","event_type":"task.created","event_version":"1.1","task_id":42,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants","new_field":null}}`
	invalid   = `{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":42,"timestamp":"2026-03-01T09:30:00Z","payload":{}}`
	unknown   = `{"event_id":"e-1","event_type":"task.vanished","task_id":42,"user_id":"user-1","payload":{}}`
)

var now = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// built is a file that `cargo xtask build` makes.
func built(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run `cargo xtask build` first", err)
	}
	return path
}

// cacheDirectory avoids compiling a policy that an earlier test or run has compiled.
const cacheDirectory = root + "/target/bindings/cache"

var cache = WithCacheDir(cacheDirectory)

var builtin = sync.OnceValues(func() (*Policy, error) {
	return Open(root+"/dist/policy.wasm", cache)
})

// builtinPolicy is the builtin policy. All tests share it; none closes it.
func builtinPolicy(t testing.TB) *Policy {
	t.Helper()
	built(t, "dist", "policy.wasm")
	policy, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// openGuest opens one of the policies for tests, each of which has one fault.
func openGuest(t testing.TB, name string, options ...Option) *Policy {
	t.Helper()
	policy, err := Open(built(t, "dist", "guests", name+".wasm"), append(options, cache)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { policy.Close() })
	return policy
}

// guestEvent is an event that the policies for tests accept, with more members.
func guestEvent(id, members string) []byte {
	return fmt.Appendf(nil, `{"event_id":%q,"event_type":"task.created","user_id":"user-1"%s}`, id, members)
}
