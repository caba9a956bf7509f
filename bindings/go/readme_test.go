// The programs in README.md and docs/bindings.md run, and print what is shown.

package tidegate

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// A program, and what it prints.
var program = regexp.MustCompile("(?s)\n```go\n(.*?)```\n\n```text\n(.*?)```\n")

// Any program.
var code = regexp.MustCompile("\n```go\n")

func TestTheReadmeShowsWhatItsProgramsPrint(t *testing.T) {
	builtinPolicy(t) // The programs find it in the cache.
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := program.FindAllSubmatch(readme, -1)
	if all := code.FindAllIndex(readme, -1); len(programs) == 0 || len(programs) != len(all) {
		t.Fatalf("%d programs, of which %d say what they print", len(all), len(programs))
	}
	for i, program := range programs {
		t.Run(fmt.Sprintf("program %d", i+1), func(t *testing.T) {
			if printed := run(t, program[1]); printed != string(program[2]) {
				t.Errorf("it prints\n%s\nnot\n%s", printed, program[2])
			}
		})
	}
}

func TestThePageShowsWhatItsProgramPrints(t *testing.T) {
	builtinPolicy(t)
	page, err := os.ReadFile(root + "/docs/bindings.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) []byte {
		found := regexp.MustCompile("(?s)\n```" + language + "\n(.*?)```\n").FindSubmatch(page)
		if found == nil {
			t.Fatalf("no block of %s", language)
		}
		return found[1]
	}
	event := bytes.TrimSpace(block("json"))
	if printed := runBeside(t, block("go"), event); printed != string(block("text")) {
		t.Errorf("it prints\n%s", printed)
	}
}

// run builds a program in a module of its own, and runs it beside the policy.
func run(t *testing.T, program []byte) string {
	t.Helper()
	return runBeside(t, program, nil)
}

// runBeside is run, with a file event.json.
func runBeside(t *testing.T, program, event []byte) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	module := fmt.Sprintf("module program\n\ngo 1.24\n\nrequire github.com/tidegate/tidegate/bindings/go v0.0.0\n\nreplace github.com/tidegate/tidegate/bindings/go => %s\n", here)
	directory := t.TempDir()
	for name, text := range map[string][]byte{"go.mod": []byte(module), "main.go": program, "event.json": event} {
		if err := os.WriteFile(filepath.Join(directory, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, path := range map[string]string{"policy.wasm": built(t, "dist", "policy.wasm"), "cache": cacheDirectory} {
		if err := os.Symlink(filepath.Join(here, path), filepath.Join(directory, name)); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("go", "run", ".")
	command.Dir = directory
	command.Stderr = os.Stderr
	printed, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(printed)
}
