// Bench measures what the builtin policy costs a Go program on Linux, and prints it as one line of JSON.
//
//	go run ./internal/bench
//
// in the folder of this module, with the library found as README.md describes. Times of calls are medians of rounds.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"time"

	tidegate "github.com/tidegate/tidegate/bindings/go"
)

const (
	file   = "../../dist/policy.wasm"
	cache  = "../../target/bindings/cache"
	rounds = 9
	calls  = 2_000

	valid   = `{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":42,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants"}}`
	invalid = `{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":42,"timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants"}}`
)

// figures are microseconds a call, milliseconds a load, and MiB.
type figures struct {
	Language   string  `json:"language"`
	ValidUS    float64 `json:"valid_us"`
	InvalidUS  float64 `json:"invalid_us"`
	LoadColdMS float64 `json:"load_cold_ms"`
	LoadWarmMS float64 `json:"load_warm_ms"`
	MemoryMiB  float64 `json:"memory_mib"`
	// PackageBytes is null: Go fetches the source from the repository.
	PackageBytes *int `json:"package_bytes"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "fill-cache" {
		load(tidegate.WithCacheDir(cache))
		return
	}
	// Compiling here would leave memory behind that would then be measured.
	filler := exec.Command(os.Args[0], "fill-cache")
	filler.Stderr = os.Stderr
	must(filler.Run())

	before := residentMiB()
	policy := open(tidegate.WithCacheDir(cache))
	for range 1000 {
		accept(policy)
	}
	found := figures{Language: "go", MemoryMiB: rounded(residentMiB() - before)}
	found.ValidUS = median(calls, func() { accept(policy) }) * 1e6
	found.InvalidUS = median(calls, func() { reject(policy) }) * 1e6
	found.LoadWarmMS = median(1, func() { load(tidegate.WithCacheDir(cache)) }) * 1e3
	start := time.Now()
	load()
	found.LoadColdMS = time.Since(start).Seconds() * 1e3
	for _, figure := range []*float64{&found.ValidUS, &found.InvalidUS, &found.LoadWarmMS, &found.LoadColdMS} {
		*figure = rounded(*figure)
	}
	must(json.NewEncoder(os.Stdout).Encode(found))
}

func open(options ...tidegate.Option) *tidegate.Policy {
	policy, err := tidegate.Open(file, options...)
	must(err)
	return policy
}

// load opens a policy that is not called.
func load(options ...tidegate.Option) {
	must(open(options...).Close())
}

func accept(policy *tidegate.Policy) {
	_, err := policy.Validate(context.Background(), []byte(valid))
	must(err)
}

func reject(policy *tidegate.Policy) {
	_, err := policy.Validate(context.Background(), []byte(invalid))
	if !errors.As(err, new(*tidegate.InvalidEventError)) {
		log.Fatalf("not refused: %v", err)
	}
}

// median is how many seconds one run takes, the median of some rounds.
func median(times int, run func()) float64 {
	var took []float64
	for range rounds {
		start := time.Now()
		for range times {
			run()
		}
		took = append(took, time.Since(start).Seconds()/float64(times))
	}
	slices.Sort(took)
	return took[rounds/2]
}

// residentMiB is the memory of this process that is in use, as the kernel counts it.
func residentMiB() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	must(err)
	var size, resident int
	_, err = fmt.Sscan(string(text), &size, &resident)
	must(err)
	return float64(resident*os.Getpagesize()) / (1 << 20)
}

func rounded(figure float64) float64 {
	return float64(int(figure*100+0.5)) / 100
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
