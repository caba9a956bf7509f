// Every answer is the one that the policy gives to every other caller, byte for byte.

package tidegate

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sync"
	"testing"
)

// digest is named only by a policy that is made of files.
var digest = regexp.MustCompile(`"sha256:[0-9a-f]{64}"`)

// vector is a call, and its answer or why there is none.
type vector struct {
	Name          string
	Call          string
	Event         string
	EventBase64   []byte `json:"event_base64"`
	ToVersion     string `json:"to_version"`
	EventType     string `json:"event_type"`
	Attempt       uint32
	Now           string
	TargetVersion string `json:"target_version"`
	Attributes    map[string]string
	Answer        *string
	Misuse        *string
}

func TestAnswersAreThoseOfEveryOtherCaller(t *testing.T) {
	for _, name := range []string{"policy.wasm", "built-policy.wasm"} {
		policy, err := Open(built(t, "dist", name), cache)
		if err != nil {
			t.Fatal(err)
		}
		defer policy.Close()
		for _, file := range []string{"vectors.jsonl", "random.jsonl"} {
			t.Run(name+"/"+file, func(t *testing.T) {
				vectors := readVectors(t, built(t, "target", "answers", file))
				for _, vector := range vectors {
					if err := vector.check(t, policy); err != nil {
						t.Errorf("%s: %v", vector.Name, err)
					}
				}
				t.Logf("%d answers compared", len(vectors))
			})
		}
	}
}

func TestAnswersAreTheSameFromManyGoroutines(t *testing.T) {
	policy := builtinPolicy(t)
	vectors := readVectors(t, built(t, "target", "answers", "vectors.jsonl"))
	var all sync.WaitGroup
	for first := range 32 {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range vectors {
				// Each begins at another vector, so that different calls run at the same time.
				vector := vectors[(first*len(vectors)/32+i)%len(vectors)]
				if err := vector.check(t, policy); err != nil {
					t.Errorf("%s: %v", vector.Name, err)
				}
			}
		}()
	}
	all.Wait()
}

func readVectors(t *testing.T, path string) []vector {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var vectors []vector
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var read vector
		if err := json.Unmarshal(lines.Bytes(), &read); err != nil {
			t.Fatalf("%s, line %d: %v", path, len(vectors)+1, err)
		}
		if (read.Answer == nil) == (read.Misuse == nil) {
			t.Fatalf("%s, line %d: neither answer nor misuse, or both", path, len(vectors)+1)
		}
		vectors = append(vectors, read)
	}
	if err := lines.Err(); err != nil || len(vectors) == 0 {
		t.Fatalf("%s: %d lines, %v", path, len(vectors), err)
	}
	return vectors
}

// check makes the call and says how its answer differs.
func (v vector) check(t *testing.T, policy *Policy) error {
	answer, err := v.ask(t, policy)
	var misuse *MisuseError
	switch {
	case v.Misuse != nil && !errors.As(err, &misuse):
		return fmt.Errorf("no misuse, but %q and %v", answer, err)
	case v.Misuse != nil && misuse.Message != *v.Misuse:
		return fmt.Errorf("misuse %q, not %q", misuse.Message, *v.Misuse)
	case v.Misuse != nil:
		return nil
	case err != nil:
		return err
	case string(answer) != *v.Answer:
		return fmt.Errorf("answer\n%s\nnot\n%s", answer, *v.Answer)
	}
	return nil
}

func (v vector) ask(t *testing.T, policy *Policy) ([]byte, error) {
	event := []byte(v.Event)
	if v.EventBase64 != nil {
		event = v.EventBase64
	}
	attributes := WithAttributes(v.Attributes)
	switch v.Call {
	case "validate":
		return policy.ValidateJSON(t.Context(), event, attributes)
	case "migrate":
		return policy.MigrateJSON(t.Context(), event, v.ToVersion, attributes)
	case "next-attempt":
		return policy.NextAttemptJSON(t.Context(), v.EventType, v.Attempt)
	case "process":
		return policy.ProcessJSON(t.Context(), event, v.Now, v.TargetVersion, attributes)
	case "catalog":
		catalog, err := policy.CatalogJSON(t.Context())
		return digest.ReplaceAll(catalog, []byte("null")), err
	default:
		return nil, fmt.Errorf("there is no call %q", v.Call)
	}
}
