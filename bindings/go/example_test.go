// How the package is used, for its documentation.

package tidegate_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	tidegate "github.com/tidegate/tidegate/bindings/go"
)

func Example() {
	policy, err := tidegate.Open("../../dist/policy.wasm", tidegate.WithCacheDir("../../target/bindings/cache"))
	if err != nil {
		log.Fatal(err)
	}
	defer policy.Close()

	ctx := context.Background()
	event := []byte(`{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":"42","user_id":"user-1","payload":{}}`)
	_, err = policy.Validate(ctx, event)
	var invalid *tidegate.InvalidEventError
	if errors.As(err, &invalid) {
		for _, violation := range invalid.Violations {
			fmt.Println(violation.Code, violation.Path, violation.Message)
		}
	}

	plan, err := policy.NextAttempt(ctx, "task.created", 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan.Action, plan.Delay)
	// Output:
	// type /task_id must be an integer
	// retry 1s
}

func ExamplePolicy_Process() {
	policy, err := tidegate.Open("../../dist/policy.wasm", tidegate.WithCacheDir("../../target/bindings/cache"))
	if err != nil {
		log.Fatal(err)
	}
	defer policy.Close()

	event := []byte(`{"event_id":"r-1","event_type":"reminder.due","event_version":"1.1","task_id":42,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"new_field":null}}`)
	decided, err := policy.Process(context.Background(), event, time.Now(), "")
	if err != nil {
		log.Fatal(err)
	}
	for _, output := range decided.Outputs {
		fmt.Println(decided.Decision, output.Channel, output.Key, len(output.Text(event)) == len(event))
	}
	// Output:
	// forward reminders user-1 true
}
