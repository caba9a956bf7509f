// Policies that misbehave, in a Go program with signals of its own.

package tidegate

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAfterATrapTheNextCallWorks(t *testing.T) {
	policy := openGuest(t, "traps-when-told")
	for range 20 {
		expectFault(t, policy, guestEvent("e-1", `,"trap":true`), "trap")
		expectForward(t, policy, "e-2")
	}
}

func TestADeadlineEndsACallThatLoops(t *testing.T) {
	policy := openGuest(t, "loops", WithDeadline(20*time.Millisecond))
	for range 3 {
		expectFault(t, policy, guestEvent("e-1", ""), "deadline")
		expectForward(t, policy, "example-task.created")
	}
}

func TestACallThatExceedsItsMemoryIsEnded(t *testing.T) {
	policy := openGuest(t, "eats-memory", WithMemoryLimit(16<<20))
	expectFault(t, policy, guestEvent("e-1", ""), "memory")
	expectForward(t, policy, "example-task.created")
}

// Traps are signals, and so are Go's own nil dereferences, its preemption and its profiler: none handles another's.
func TestTrapsGoPanicsAndProfilesDoNotInterfere(t *testing.T) {
	policy := openGuest(t, "traps-when-told")
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		t.Fatal(err)
	}
	defer pprof.StopCPUProfile()
	var all sync.WaitGroup
	for worker := range 32 {
		all.Add(1)
		go func() {
			defer all.Done()
			for round := range 100 {
				id := fmt.Sprintf("e-%d-%d", worker, round)
				expectNilDereference(t)
				expectFault(t, policy, guestEvent(id, `,"trap":true`), "trap")
				expectNilDereference(t)
				expectForward(t, policy, id)
				if round%20 == 0 {
					runtime.GC()
				}
			}
		}()
	}
	all.Wait()
}

func TestLoopsAndTrapsOfOnePolicyDoNotAffectAnother(t *testing.T) {
	loops := openGuest(t, "loops", WithDeadline(20*time.Millisecond))
	traps := openGuest(t, "traps-when-told")
	var all sync.WaitGroup
	for range 4 {
		all.Add(2)
		go func() {
			defer all.Done()
			for range 5 {
				expectFault(t, loops, guestEvent("e-1", ""), "deadline")
			}
		}()
		go func() {
			defer all.Done()
			for range 50 {
				expectFault(t, traps, guestEvent("e-1", `,"trap":true`), "trap")
				if _, err := builtinPolicy(t).Validate(t.Context(), []byte(valid)); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
}

func TestAnAnswerThatBreaksTheContractIsAFault(t *testing.T) {
	for name, read := range map[string]func([]byte) error{
		"validate":     func(answer []byte) error { _, err := readValidation(answer); return err },
		"migrate":      func(answer []byte) error { _, err := readMigration(answer, nil); return err },
		"next-attempt": func(answer []byte) error { _, err := readRetryPlan(answer); return err },
		"process":      func(answer []byte) error { _, err := readDecided(answer); return err },
	} {
		for _, answer := range []string{``, `nonsense`, `null`, `{}`, `{"valid":false,"migrated":false,"cause":"other","action":"other","decision":"other"}`} {
			var fault *FaultError
			if err := read([]byte(answer)); !errors.As(err, &fault) || !strings.Contains(fault.Message, name) {
				t.Errorf("%s, %q: %v", name, answer, err)
			}
		}
	}
	if _, err := readCatalog([]byte(`{"limits":-1}`)); !errors.As(err, new(*FaultError)) {
		t.Errorf("catalog: %v", err)
	}
}

func expectFault(t *testing.T, policy *Policy, event []byte, kind string) {
	t.Helper()
	decided, err := policy.Process(t.Context(), event, now, "")
	var fault *FaultError
	if !errors.As(err, &fault) || !strings.Contains(fault.Message, kind) {
		t.Errorf("no fault of the kind %s, but %+v, %v", kind, decided, err)
	}
}

func expectForward(t *testing.T, policy *Policy, id string) {
	t.Helper()
	decided, err := policy.Process(t.Context(), guestEvent(id, ""), now, "")
	if err != nil || decided.Decision != Forward || decided.EventID != id {
		t.Errorf("%+v, %v", decided, err)
	}
}

func expectNilDereference(t *testing.T) {
	defer func() {
		if _, ok := recover().(runtime.Error); !ok {
			t.Error("a nil dereference did not panic")
		}
	}()
	var nothing *Decided
	// Printed, so that the compiler cannot remove it.
	fmt.Fprint(io.Discard, nothing.Rule)
}
