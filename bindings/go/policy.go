// Package tidegate judges events by a Tidegate policy, in process.
//
// A policy is one WebAssembly component, the same file that a gate runs. It gives the same answers here, byte for byte.
// [Open] loads it; the methods of [Policy] call it. Each has a twin whose name ends in JSON and which returns the policy's
// answer unchanged. CloudEvents attributes of an event are an option of a call, see [WithAttributes].
//
// # Goroutines and contexts
//
// All methods may be called from any number of goroutines. An event must not change during a call. A call occupies a
// thread of the operating system for some microseconds; at most as many run at once as [WithMaxConcurrentCalls] allows, and
// the others wait without a thread. A context that is done before a call starts, or while it waits, ends it with the
// context's error. A running call is not abandoned: the policy's deadline bounds it, see [WithDeadline].
//
// # Errors
//
// An event that is not valid is [*InvalidEventError], or [*MigrationFailedError]. [*FaultError] is the policy's failure and says nothing
// about the event. [*MisuseError] and [ErrClosed] are the caller's. [Policy.Process] rejects an event by its [Decided].
package tidegate

import (
	"context"
	"io"
	"os"
	"runtime"
	"time"
)

// Policy is a loaded policy. Close it when it is no longer needed. One that [Open] did not make behaves like a closed one.
type Policy struct {
	handle  handle
	digest  string
	permits chan struct{}
	cleanup runtime.Cleanup
}

var _ io.Closer = (*Policy)(nil)

// Open loads the policy in a file. It is compiled, which takes seconds unless it is in the directory of [WithCacheDir].
// The error is *[LoadError] when it cannot be read, is not a policy, or the cache cannot be used, and *[MisuseError] when an
// option makes no sense.
func Open(path string, options ...Option) (*Policy, error) {
	component, err := os.ReadFile(path)
	if err != nil {
		return nil, &LoadError{Path: path, Err: err}
	}
	return open(path, component, options)
}

// OpenBytes is [Open] for a component in memory. The bytes are not needed afterwards.
func OpenBytes(component []byte, options ...Option) (*Policy, error) {
	return open("", component, options)
}

func open(path string, component []byte, options []Option) (*Policy, error) {
	chosen, permits, err := choose(options)
	if err != nil {
		return nil, err
	}
	opened, err := openHandle(path, component, chosen)
	if err != nil {
		return nil, err
	}
	policy := &Policy{handle: opened, permits: make(chan struct{}, permits)}
	policy.cleanup = runtime.AddCleanup(policy, closeHandle, opened)
	digest, err := policy.ask(context.Background(), digestOf)
	if err != nil {
		return nil, err
	}
	policy.digest = string(digest)
	return policy, nil
}

// Close frees the policy. Running calls finish; later ones return [ErrClosed]. Closing again does nothing. An unreachable
// policy is closed some time after the garbage collector finds it.
func (p *Policy) Close() error {
	p.cleanup.Stop()
	closeHandle(p.handle)
	return nil
}

// Digest is "sha256:" and the SHA-256 of the policy's file, in hexadecimal.
func (p *Policy) Digest() string {
	return p.digest
}

// Validate says whether the policy accepts an event. The error is *[InvalidEventError] when it does not.
func (p *Policy) Validate(ctx context.Context, event []byte, options ...CallOption) (Accepted, error) {
	answer, err := p.ValidateJSON(ctx, event, options...)
	if err != nil {
		return Accepted{}, err
	}
	return readValidation(answer)
}

// Migrate migrates an event to a version, up or down. The error is *[MigrationFailedError] when that fails.
func (p *Policy) Migrate(ctx context.Context, event []byte, toVersion string, options ...CallOption) (Migrated, error) {
	answer, err := p.MigrateJSON(ctx, event, toVersion, options...)
	if err != nil {
		return Migrated{}, err
	}
	return readMigration(answer, event)
}

// NextAttempt says what follows when an attempt at an event of this type failed. The first attempt is 0, its first retry is 1.
func (p *Policy) NextAttempt(ctx context.Context, eventType string, attempt uint32) (RetryPlan, error) {
	answer, err := p.NextAttemptJSON(ctx, eventType, attempt)
	if err != nil {
		return RetryPlan{}, err
	}
	return readRetryPlan(answer)
}

// Process says what a gate would do with an event at the time now. The event leaves in targetVersion, or in the target version
// of its type when that is "". An event that is not valid is a decision, [Reject], not an error.
func (p *Policy) Process(ctx context.Context, event []byte, now time.Time, targetVersion string, options ...CallOption) (Decided, error) {
	answer, err := p.ProcessJSON(ctx, event, now.UTC().Format(time.RFC3339Nano), targetVersion, options...)
	if err != nil {
		return Decided{}, err
	}
	return readDecided(answer)
}

// Catalog lists what the policy knows.
func (p *Policy) Catalog(ctx context.Context) (Catalog, error) {
	answer, err := p.CatalogJSON(ctx)
	if err != nil {
		return Catalog{}, err
	}
	return readCatalog(answer)
}
