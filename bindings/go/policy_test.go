// Opening and closing a policy, contexts, and arguments that make no sense.

package tidegate

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTheDigestIsThatOfTheFile(t *testing.T) {
	file, err := os.ReadFile(built(t, "dist", "policy.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("sha256:%x", sha256.Sum256(file)); builtinPolicy(t).Digest() != want {
		t.Errorf("%s, not %s", builtinPolicy(t).Digest(), want)
	}
}

func TestAPolicyInMemoryIsTheSame(t *testing.T) {
	component, err := os.ReadFile(built(t, "dist", "guests", "calm.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := OpenBytes(component, cache, WithIsolation(Fresh), WithMemoryLimit(32<<20), WithOutputLimit(1<<20), WithMaxConcurrentCalls(2), WithDeadline(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Close()
	clear(component)
	decided, err := policy.Process(t.Context(), guestEvent("e-1", ""), now, "")
	if err != nil || decided.Decision != Forward {
		t.Errorf("%+v, %v", decided, err)
	}
}

func TestAFileThatIsNoPolicyIsNotLoaded(t *testing.T) {
	text := t.TempDir() + "/text.wasm"
	if err := os.WriteFile(text, []byte("no component"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, built(t, "dist", "guests", "reads-files.wasm")} {
		policy, err := Open(path)
		var failed *LoadError
		if policy != nil || !errors.As(err, &failed) || failed.Path != path || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := OpenBytes(nil); !errors.As(err, new(*LoadError)) {
		t.Errorf("no bytes: %v", err)
	}
}

func TestAMissingFileIsReportedAsMissing(t *testing.T) {
	_, err := Open("no/such/file.wasm")
	if !errors.As(err, new(*LoadError)) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestOptionsThatMakeNoSenseAreMisuse(t *testing.T) {
	calm := built(t, "dist", "guests", "calm.wasm")
	for name, option := range map[string]Option{
		"isolation": WithIsolation("none"),
		"deadline":  WithDeadline(-time.Second),
		"no time":   WithDeadline(0),
		"memory":    WithMemoryLimit(-1),
		"output":    WithOutputLimit(-1),
		"calls":     WithMaxConcurrentCalls(0),
		"cache":     WithCacheDir("\xff"),
	} {
		if _, err := Open(calm, option); !errors.As(err, new(*MisuseError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAClosedPolicyReturnsErrClosed(t *testing.T) {
	policy := openGuest(t, "calm")
	digest := policy.Digest()
	for range 3 {
		if err := policy.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := policy.Validate(t.Context(), []byte(valid)); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := policy.Catalog(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if policy.Digest() != digest {
		t.Error("the digest is gone")
	}
}

func TestAPolicyThatWasNeverOpenedIsClosed(t *testing.T) {
	var policy Policy
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := policy.Catalog(doneWhenWaitedFor{ctx, cancel}); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if err := policy.Close(); err != nil {
		t.Error(err)
	}
}

func TestACacheThatCannotBeUsedIsAnError(t *testing.T) {
	calm := built(t, "dist", "guests", "calm.wasm")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	shared := t.TempDir()
	// Other users can write to it. With Mkdir, the umask would change the mode.
	if err := os.Chmod(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, directory := range map[string]string{"a file": file, "a directory of all": shared, "no name": ""} {
		_, err := Open(calm, WithCacheDir(directory))
		var failed *LoadError
		if !errors.As(err, &failed) || !strings.Contains(err.Error(), directory) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClosingDuringCallsLetsThemFinish(t *testing.T) {
	policy := openGuest(t, "calm")
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				decided, err := policy.Process(t.Context(), guestEvent("e-1", ""), now, "")
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil || decided.Decision != Forward {
					t.Errorf("%+v, %v", decided, err)
					return
				}
			}
		}()
	}
	policy.Close()
	all.Wait()
}

func TestAnUnreachablePolicyIsClosed(t *testing.T) {
	forgotten := openAndForget(t)
	probe := &Policy{handle: forgotten, permits: make(chan struct{}, 1)}
	for range 10_000 {
		runtime.GC()
		if _, err := probe.ask(t.Context(), digestOf); errors.Is(err, ErrClosed) {
			return
		}
	}
	t.Error("it is still open")
}

//go:noinline
func openAndForget(t *testing.T) handle {
	policy, err := Open(built(t, "dist", "guests", "calm.wasm"), cache)
	if err != nil {
		t.Fatal(err)
	}
	return policy.handle
}

func TestAContextThatIsDoneEndsACallBeforeItStarts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := builtinPolicy(t).Validate(ctx, []byte(valid)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAContextEndsTheWaitForAPermit(t *testing.T) {
	policy := openGuest(t, "calm", WithMaxConcurrentCalls(1))
	policy.permits <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := policy.Catalog(doneWhenWaitedFor{ctx, cancel}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-policy.permits
	if _, err := policy.Catalog(t.Context()); err != nil {
		t.Errorf("the permit is not free again: %v", err)
	}
}

// doneWhenWaitedFor is a context that is done as soon as its Done is called.
type doneWhenWaitedFor struct {
	context.Context
	cancel context.CancelFunc
}

func (c doneWhenWaitedFor) Done() <-chan struct{} {
	c.cancel()
	return c.Context.Done()
}

func TestArgumentsThatMakeNoSenseAreMisuse(t *testing.T) {
	policy := builtinPolicy(t)
	for name, call := range map[string]func() error{
		"a NUL in a version":        func() error { _, err := policy.Migrate(t.Context(), []byte(valid), "1\x00"); return err },
		"a version that is no text": func() error { _, err := policy.Migrate(t.Context(), []byte(valid), "\xff"); return err },
		"a NUL in a type":           func() error { _, err := policy.NextAttempt(t.Context(), "task\x00", 0); return err },
		"a NUL in a target":         func() error { _, err := policy.Process(t.Context(), []byte(valid), now, "\x00"); return err },
		"a NUL in a time":           func() error { _, err := policy.ProcessJSON(t.Context(), []byte(valid), "\x00", ""); return err },
		"attributes that are no text": func() error {
			_, err := policy.Validate(t.Context(), []byte(valid), WithAttributes(map[string]string{"subject": "\xff"}))
			return err
		},
		"no time": func() error { _, err := policy.ProcessJSON(t.Context(), []byte(valid), "noon", ""); return err },
		"a year of five digits": func() error {
			_, err := policy.Process(t.Context(), []byte(valid), now.AddDate(9000, 0, 0), "")
			return err
		},
	} {
		if err := call(); !errors.As(err, new(*MisuseError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
