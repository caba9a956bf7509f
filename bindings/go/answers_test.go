// The typed answers, and the answers to unusual bytes.

package tidegate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAValidEventIsAccepted(t *testing.T) {
	accepted, err := builtinPolicy(t).Validate(t.Context(), []byte(valid))
	if want := (Accepted{"e-1", "task.created", "1.0", "user-1", "e-1"}); err != nil || accepted != want {
		t.Errorf("%+v, %v", accepted, err)
	}
}

func TestAnInvalidEventIsAnErrorWithItsViolations(t *testing.T) {
	for event, want := range map[string]InvalidEventError{
		invalid: {Invalid, "e-1", "task.created", []Violation{
			{Code: "required", Path: "/user_id", Message: "user_id is required"},
		}},
		unknown: {Unknown, "e-1", "task.vanished", []Violation{
			{Code: "unknown-event-type", Path: "/event_type", Message: `the event type "task.vanished" is not known`},
		}},
		`[]`: {Unreadable, "", "", []Violation{
			{Code: "not-an-object", Message: "must be an object, is an array"},
		}},
		strings.Replace(valid, "user-1", " ", 1): {Invalid, "e-1", "task.created", []Violation{
			{Code: "empty-user-id", Path: "/user_id", Message: "user_id must not be empty or only white space", Rule: "empty-user-id"},
		}},
	} {
		_, err := builtinPolicy(t).Validate(t.Context(), []byte(event))
		var got *InvalidEventError
		if !errors.As(err, &got) || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, not %+v", event, err, want)
		} else if !strings.Contains(err.Error(), want.Violations[0].Message) {
			t.Errorf("%s: the error hides why: %v", event, err)
		}
	}
}

func TestAMigrationKeepsEveryDigit(t *testing.T) {
	event := strings.Replace(valid, `"title":`, `"a":9007199254740993,"b":1e400,"c":1.10,"title":`, 1)
	migrated, err := builtinPolicy(t).Migrate(t.Context(), []byte(event), "1.1")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(validNext, `"title":`, `"a":9007199254740993,"b":1e400,"c":1.10,"title":`, 1)
	if want := (Migrated{json.RawMessage(text), true, []Change{}, "1.0", "1.1", []string{"1.0", "1.1"}}); !reflect.DeepEqual(migrated, want) {
		t.Errorf("%+v\nnot\n%+v", migrated, want)
	}
}

func TestAnEventThatHasTheVersionStaysUnchanged(t *testing.T) {
	event := []byte(" " + valid + "\n")
	migrated, err := builtinPolicy(t).Migrate(t.Context(), event, "1.0")
	if err != nil || migrated.Changed || &migrated.Event[0] != &event[0] {
		t.Errorf("%+v, %v", migrated, err)
	}
}

func TestAFailedMigrationHasACause(t *testing.T) {
	_, err := builtinPolicy(t).Migrate(t.Context(), []byte(valid), "7")
	var failed *MigrationFailedError
	if !errors.As(err, &failed) || failed.Cause != NoPath || failed.FromVersion != "1.0" || failed.ToVersion != "7" || failed.EventType != "task.created" {
		t.Errorf("%#v", err)
	}
	_, err = builtinPolicy(t).Migrate(t.Context(), []byte(invalid), "1.1")
	if !errors.As(err, &failed) || failed.Cause != Rejected || failed.Violations[0].Path != "/user_id" {
		t.Errorf("%#v", err)
	}
}

func TestRetriesAreDurations(t *testing.T) {
	for attempt, want := range map[uint32]RetryPlan{
		0:         {Retry, 30 * time.Second, 2},
		2:         {Retry, 30 * time.Minute, 0},
		3:         {DeadLetter, 0, 0},
		1<<32 - 1: {DeadLetter, 0, 0},
	} {
		plan, err := builtinPolicy(t).NextAttempt(t.Context(), "task.completed", attempt)
		if err != nil || plan != want {
			t.Errorf("attempt %d: %+v, %v; not %+v", attempt, plan, err, want)
		}
	}
}

func TestADecisionSaysWhatToSend(t *testing.T) {
	decided, err := builtinPolicy(t).Process(t.Context(), []byte(valid), now, "")
	if err != nil || decided.Decision != Forward || len(decided.Outputs) != 1 || len(decided.Violations) != 0 {
		t.Fatalf("%+v, %v", decided, err)
	}
	if decided.Rule != "" || decided.Claim != "e-1" || decided.Key != "user-1" {
		t.Errorf("%+v", decided)
	}
	output := decided.Outputs[0]
	want := Output{"task-events", "user-1", "e-1", "task.created", json.RawMessage(validNext), []Change{}, ""}
	if !reflect.DeepEqual(output, want) || string(output.Text([]byte(valid))) != validNext {
		t.Errorf("%+v, not %+v", output, want)
	}
	if text, err := json.Marshal(decided); err != nil || !strings.Contains(string(text), `"event_version":"1.1"`) {
		t.Errorf("a decision does not marshal to something readable: %s, %v", text, err)
	}
}

func TestAnEventLeavesUnchangedInTheVersionItHas(t *testing.T) {
	decided, err := builtinPolicy(t).Process(t.Context(), []byte(valid), now, "1.0")
	if err != nil || decided.Outputs[0].Event != nil || string(decided.Outputs[0].Text([]byte(valid))) != valid {
		t.Errorf("%+v, %v", decided, err)
	}
}

func TestAttributesThatThePolicyDoesNotMapChangeNothing(t *testing.T) {
	policy := builtinPolicy(t)
	for _, attributes := range []map[string]string{nil, {}, {"source": "/tasks", "subject": "\x00é\""}} {
		option := WithAttributes(attributes)
		accepted, err := policy.Validate(t.Context(), []byte(valid), WithAttributes(map[string]string{"subject": "\xff"}), option)
		if err != nil || accepted.EventID != "e-1" {
			t.Errorf("%v: %+v, %v", attributes, accepted, err)
		}
		migrated, err := policy.Migrate(t.Context(), []byte(valid), "1.1", option)
		if err != nil || string(migrated.Event) != validNext || len(migrated.Attributes) != 0 {
			t.Errorf("%v: %+v, %v", attributes, migrated, err)
		}
		decided, err := policy.Process(t.Context(), []byte(valid), now, "", option)
		if err != nil || decided.Decision != Forward || len(decided.Outputs[0].Attributes) != 0 {
			t.Errorf("%v: %+v, %v", attributes, decided, err)
		}
	}
}

func TestAttributesReachThePolicy(t *testing.T) {
	policy := openGuest(t, "calm", WithMemoryLimit(16<<20))
	tooMuch := WithAttributes(map[string]string{"subject": strings.Repeat("x", 16<<20)})
	for name, call := range map[string]func() error{
		"validate": func() error { _, err := policy.ValidateJSON(t.Context(), guestEvent("e-1", ""), tooMuch); return err },
		"migrate":  func() error { _, err := policy.Migrate(t.Context(), guestEvent("e-1", ""), "1.0", tooMuch); return err },
		"process": func() error {
			_, err := policy.Process(t.Context(), guestEvent("e-1", ""), now, "", tooMuch)
			return err
		},
	} {
		if err := call(); !errors.As(err, new(*FaultError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChangesOfAttributesAreRead(t *testing.T) {
	noon := "noon"
	want := []Change{{"time", &noon}, {"subject", nil}}
	const changes = `"attributes":[{"name":"time","value":"noon"},{"name":"subject","value":null}]`
	migrated, err := readMigration([]byte(`{"migrated":true,"event":null,`+changes+`}`), nil)
	if err != nil || migrated.Changed || !reflect.DeepEqual(migrated.Attributes, want) {
		t.Errorf("%+v, %v", migrated, err)
	}
	decided, err := readDecided([]byte(`{"decision":"drop","rule":"r","key":null,"outputs":[{"key":null,` + changes + `,"not_before":"noon"}]}`))
	if err != nil || decided.Rule != "r" || decided.Key != "" || decided.Outputs[0].NotBefore != noon ||
		!reflect.DeepEqual(decided.Outputs[0].Attributes, want) {
		t.Errorf("%+v, %v", decided, err)
	}
}

func TestAnEventWithoutATimestampGetsTheTimeOfTheCall(t *testing.T) {
	event := `{"event_id":"c-1","event_type":"task.completed","task_id":42,"user_id":"user-1","payload":{"due_date":"2026-03-01T09:30:00Z","recurring_pattern":"DAILY"}}`
	elsewhere := now.In(time.FixedZone("east", 5*60*60))
	decided, err := builtinPolicy(t).Process(t.Context(), []byte(event), elsewhere, "")
	if err != nil || len(decided.Outputs) != 2 {
		t.Fatalf("%+v, %v", decided, err)
	}
	for i, want := range []string{`"timestamp":"2026-03-01T09:30:00Z"`, `"next_due":"2026-03-02T09:30:00Z"`} {
		if !strings.Contains(string(decided.Outputs[i].Event), want) {
			t.Errorf("no %s in %s", want, decided.Outputs[i].Event)
		}
	}
}

func TestARejectedEventIsADecision(t *testing.T) {
	decided, err := builtinPolicy(t).Process(t.Context(), []byte(invalid), now, "")
	if err != nil || decided.Decision != Reject || len(decided.Outputs) != 0 || decided.Violations[0].Code != "required" {
		t.Errorf("%+v, %v", decided, err)
	}
}

func TestTheCatalogHasValidExamples(t *testing.T) {
	policy := builtinPolicy(t)
	catalog, err := policy.Catalog(t.Context())
	if err != nil || catalog.Limits != (Limits{1 << 20, 128}) || len(catalog.Channels) == 0 {
		t.Fatalf("%+v, %v", catalog, err)
	}
	if want := (Envelope{"/event_id", "/event_type", "/event_version", "/user_id", "/timestamp"}); catalog.Envelope != want {
		t.Errorf("%+v, not %+v", catalog.Envelope, want)
	}
	if mapped := catalog.CloudEvents; catalog.Digest != "" || mapped.Payload != "" || len(mapped.Attributes) != 0 {
		t.Errorf("%q, %+v", catalog.Digest, mapped)
	}
	if letters := catalog.DeadLetters; letters.Channel != "dlq" || letters.EventType != "dlq.failed" || !json.Valid(letters.Template) {
		t.Errorf("%+v", letters)
	}
	if alerts := catalog.Alerts; len(alerts) != 2 || alerts[0].EventTypes != nil || len(alerts[1].EventTypes) != 3 {
		t.Errorf("%+v", alerts)
	}
	versions := 0
	for _, known := range catalog.EventTypes {
		for _, version := range known.Versions {
			versions++
			accepted, err := policy.Validate(t.Context(), version.Example)
			if err != nil || accepted.EventType != known.Name || accepted.EventVersion != version.Version {
				t.Errorf("%s %s: %+v, %v", known.Name, version.Version, accepted, err)
			}
		}
		if len(known.Channels) != 1 {
			t.Errorf("channels of %s: %v", known.Name, known.Channels)
		}
		if known.DefaultVersion != "1.0" || !reflect.DeepEqual(known.Rules, []string{"empty-user-id"}) || len(known.DropRules) != 0 {
			t.Errorf("%+v", known)
		}
		if known.Accepted && (len(known.Migrations) != 2 || known.Migrations[0] != Migration{"1.0", "1.1", true}) {
			t.Errorf("migrations of %s: %v", known.Name, known.Migrations)
		}
		if known.Name == "task.completed" && !reflect.DeepEqual(known.RetryDelays, []time.Duration{30 * time.Second, 5 * time.Minute, 30 * time.Minute}) {
			t.Errorf("retries of %s: %v", known.Name, known.RetryDelays)
		}
	}
	if versions < 14 {
		t.Errorf("only %d versions in all", versions)
	}
}

func TestBytesThatAreNotTextAreUnreadable(t *testing.T) {
	limit := 1 << 20
	for name, example := range map[string]struct {
		event   []byte
		code    string
		message string
	}{
		"not UTF-8":             {[]byte("{\"a\":\"\xff\"}"), "not-utf8", "not UTF-8 at byte 7"},
		"a lone surrogate":      {[]byte("\xed\xa0\x80"), "not-utf8", "not UTF-8 at byte 1"},
		"cut in a character":    {[]byte("{\"a\":\"é"[:7]), "not-utf8", "not UTF-8 at byte 7"},
		"too large and no text": {bytes.Repeat([]byte{0xff}, limit+1), "too-large", fmt.Sprintf("%d bytes; at most %d are allowed", limit+1, limit)},
		"a NUL":                 {[]byte("{\"a\":\x00}"), "not-json", ""},
		"nothing":               {nil, "not-json", ""},
		"too large":             {bytes.Repeat([]byte{' '}, limit+1), "too-large", fmt.Sprintf("%d bytes; at most %d are allowed", limit+1, limit)},
	} {
		_, err := builtinPolicy(t).Validate(t.Context(), example.event)
		var got *InvalidEventError
		if !errors.As(err, &got) || got.Cause != Unreadable || got.Violations[0].Code != example.code {
			t.Errorf("%s: %v", name, err)
		} else if example.message != "" && got.Violations[0].Message != example.message {
			t.Errorf("%s: %q, not %q", name, got.Violations[0].Message, example.message)
		}
	}
}

func TestAnEventFarBeyondTheLimitIsAnAnswerOfEveryCall(t *testing.T) {
	// As JSON text in a request, it would be twice as long.
	event := bytes.Repeat([]byte{'"'}, 5<<20)
	want := []Violation{{Code: "too-large", Message: "5242880 bytes; at most 1048576 are allowed"}}
	policy := builtinPolicy(t)
	decided, err := policy.Process(t.Context(), event, now, "")
	if err != nil || decided.Decision != Reject || !reflect.DeepEqual(decided.Violations, want) {
		t.Errorf("process: %+v, %v", decided, err)
	}
	_, err = policy.Validate(t.Context(), event)
	var invalid *InvalidEventError
	if !errors.As(err, &invalid) || !reflect.DeepEqual(invalid.Violations, want) {
		t.Errorf("validate: %v", err)
	}
	_, err = policy.Migrate(t.Context(), event, "1.1")
	var failed *MigrationFailedError
	if !errors.As(err, &failed) || failed.Cause != Rejected || !reflect.DeepEqual(failed.Violations, want) {
		t.Errorf("migrate: %v", err)
	}
}

func TestAnEventOfExactlyTheLimitIsRead(t *testing.T) {
	padding := (1 << 20) - len(valid)
	event := strings.Replace(valid, "Water", strings.Repeat("x", padding)+"Water", 1)
	accepted, err := builtinPolicy(t).Validate(t.Context(), []byte(event))
	if err != nil || len(event) != 1<<20 || accepted.EventID != "e-1" {
		t.Errorf("%d bytes: %+v, %v", len(event), accepted, err)
	}
}
