// Policies that are not written in Rust: each is called with the first of its own cases.

package tidegate

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

func TestAPolicyInPython(t *testing.T) {
	judgeItsCase(t, "policy-python")
}

func TestAPolicyInTypeScript(t *testing.T) {
	judgeItsCase(t, "policy-typescript")
}

func judgeItsCase(t *testing.T, name string) {
	t.Helper()
	path := root + "/dist/" + name + ".wasm"
	if _, err := os.Stat(path); err != nil && os.Getenv("CI") != "true" {
		t.Skipf("%v: `cargo xtask test` builds it where it has the tools of the language", err)
	}
	// An interpreter is slow on a busy machine.
	policy, err := Open(path, cache, WithDeadline(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Close()
	event, want := firstCase(t, root+"/examples/"+name+"/cases.json")
	if answer, err := policy.ValidateJSON(t.Context(), []byte(event)); err != nil || string(answer) != want {
		t.Errorf("%s, %v; not %s", answer, err, want)
	}
}

// firstCase is the first event that is validated in JSON, and the answer to it.
func firstCase(t *testing.T, path string) (event, answer string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Call   string
		Input  struct{ Event string }
		Expect struct{ OK json.RawMessage }
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, one := range cases {
		if one.Call != "json-validate" {
			continue
		}
		if err := json.Unmarshal(one.Expect.OK, &answer); err != nil {
			t.Fatal(err)
		}
		return one.Input.Event, answer
	}
	t.Fatalf("%s: no case of json-validate", path)
	return "", ""
}
