// From the policy's JSON to the answers of this package. An answer that breaks the contract is the policy's fault.

package tidegate

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

func readValidation(answer []byte) (Accepted, error) {
	var read struct {
		Valid *bool `json:"valid"`
		Accepted
		Cause      RejectionCause `json:"cause"`
		Violations []Violation    `json:"violations"`
	}
	switch err := json.Unmarshal(answer, &read); {
	case err != nil:
		return Accepted{}, broken("validate", err)
	case read.Valid == nil:
		return Accepted{}, broken("validate", "it does not say whether the event is valid")
	case *read.Valid:
		return read.Accepted, nil
	case !slices.Contains([]RejectionCause{Unreadable, Unknown, Invalid}, read.Cause):
		return Accepted{}, broken("validate", fmt.Sprintf("there is no cause %q", read.Cause))
	}
	return Accepted{}, &InvalidEventError{
		Cause:      read.Cause,
		EventID:    read.EventID,
		EventType:  read.EventType,
		Violations: read.Violations,
	}
}

func readMigration(answer, event []byte) (Migrated, error) {
	var read struct {
		Migrated    *bool          `json:"migrated"`
		Event       *string        `json:"event"`
		Attributes  []Change       `json:"attributes"`
		FromVersion string         `json:"from_version"`
		ToVersion   string         `json:"to_version"`
		Path        []string       `json:"path"`
		Cause       MigrationCause `json:"cause"`
		EventType   string         `json:"event_type"`
		Violations  []Violation    `json:"violations"`
	}
	switch err := json.Unmarshal(answer, &read); {
	case err != nil:
		return Migrated{}, broken("migrate", err)
	case read.Migrated == nil:
		return Migrated{}, broken("migrate", "it does not say whether the event was migrated")
	case *read.Migrated:
		migrated := Migrated{event, read.Event != nil, read.Attributes, read.FromVersion, read.ToVersion, read.Path}
		if migrated.Changed {
			migrated.Event = json.RawMessage(*read.Event)
		}
		return migrated, nil
	case !slices.Contains([]MigrationCause{Rejected, NoPath, StepFailed, InvalidResult}, read.Cause):
		return Migrated{}, broken("migrate", fmt.Sprintf("there is no cause %q", read.Cause))
	}
	return Migrated{}, &MigrationFailedError{read.Cause, read.EventType, read.FromVersion, read.ToVersion, read.Violations}
}

func readRetryPlan(answer []byte) (RetryPlan, error) {
	var read struct {
		Action      Action `json:"action"`
		DelayMS     uint32 `json:"delay_ms"`
		RetriesLeft uint32 `json:"retries_left"`
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return RetryPlan{}, broken("next-attempt", err)
	}
	if !slices.Contains([]Action{Retry, DeadLetter}, read.Action) {
		return RetryPlan{}, broken("next-attempt", fmt.Sprintf("there is no action %q", read.Action))
	}
	return RetryPlan{read.Action, milliseconds(read.DelayMS), read.RetriesLeft}, nil
}

func readDecided(answer []byte) (Decided, error) {
	var read struct {
		Decision     Decision `json:"decision"`
		Rule         string   `json:"rule"`
		Claim        string   `json:"claim"`
		EventID      string   `json:"event_id"`
		EventType    string   `json:"event_type"`
		EventVersion string   `json:"event_version"`
		Key          string   `json:"key"`
		Outputs      []struct {
			Channel    string   `json:"channel"`
			Key        string   `json:"key"`
			ID         string   `json:"id"`
			EventType  string   `json:"event_type"`
			Event      *string  `json:"event"`
			Attributes []Change `json:"attributes"`
			NotBefore  string   `json:"not_before"`
		} `json:"outputs"`
		Violations []Violation `json:"violations"`
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return Decided{}, broken("process", err)
	}
	if !slices.Contains([]Decision{Forward, Drop, Reject}, read.Decision) {
		return Decided{}, broken("process", fmt.Sprintf("there is no decision %q", read.Decision))
	}
	outputs := make([]Output, len(read.Outputs))
	for i, output := range read.Outputs {
		outputs[i] = Output{
			Channel:    output.Channel,
			Key:        output.Key,
			ID:         output.ID,
			EventType:  output.EventType,
			Event:      rawOrNil(output.Event),
			Attributes: output.Attributes,
			NotBefore:  output.NotBefore,
		}
	}
	return Decided{
		Decision:     read.Decision,
		Rule:         read.Rule,
		Claim:        read.Claim,
		EventID:      read.EventID,
		EventType:    read.EventType,
		EventVersion: read.EventVersion,
		Key:          read.Key,
		Outputs:      outputs,
		Violations:   read.Violations,
	}, nil
}

func readCatalog(answer []byte) (Catalog, error) {
	var read struct {
		Name       string `json:"name"`
		Version    string `json:"version"`
		Digest     string `json:"digest"`
		EventTypes []struct {
			Name     string `json:"name"`
			Versions []struct {
				Version string `json:"version"`
				Example string `json:"example"`
			} `json:"versions"`
			TargetVersion  string      `json:"target_version"`
			DefaultVersion string      `json:"default_version"`
			Migrations     []Migration `json:"migrations"`
			Rules          []string    `json:"rules"`
			DropRules      []string    `json:"drop_rules"`
			Accepted       bool        `json:"accepted"`
			Channels       []string    `json:"channels"`
			RetryDelaysMS  []uint32    `json:"retry_delays_ms"`
		} `json:"event_types"`
		Channels    []string    `json:"channels"`
		Envelope    Envelope    `json:"envelope"`
		CloudEvents CloudEvents `json:"cloud_events"`
		DeadLetters struct {
			Channel   string  `json:"channel"`
			EventType string  `json:"event_type"`
			Template  *string `json:"template"`
		} `json:"dead_letters"`
		Alerts []Alert `json:"alerts"`
		Limits Limits  `json:"limits"`
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return Catalog{}, broken("catalog", err)
	}
	types := make([]EventType, len(read.EventTypes))
	for i, known := range read.EventTypes {
		types[i] = EventType{
			Name:           known.Name,
			TargetVersion:  known.TargetVersion,
			DefaultVersion: known.DefaultVersion,
			Migrations:     known.Migrations,
			Rules:          known.Rules,
			DropRules:      known.DropRules,
			Accepted:       known.Accepted,
			Channels:       known.Channels,
		}
		for _, version := range known.Versions {
			types[i].Versions = append(types[i].Versions, Version{version.Version, json.RawMessage(version.Example)})
		}
		for _, delay := range known.RetryDelaysMS {
			types[i].RetryDelays = append(types[i].RetryDelays, milliseconds(delay))
		}
	}
	letters := DeadLetters{read.DeadLetters.Channel, read.DeadLetters.EventType, rawOrNil(read.DeadLetters.Template)}
	return Catalog{
		Name:        read.Name,
		Version:     read.Version,
		Digest:      read.Digest,
		EventTypes:  types,
		Channels:    read.Channels,
		Envelope:    read.Envelope,
		CloudEvents: read.CloudEvents,
		DeadLetters: letters,
		Alerts:      read.Alerts,
		Limits:      read.Limits,
	}, nil
}

func rawOrNil(text *string) json.RawMessage {
	if text == nil {
		return nil
	}
	return json.RawMessage(*text)
}

func milliseconds(count uint32) time.Duration {
	return time.Duration(count) * time.Millisecond
}

func broken(function string, why any) *FaultError {
	return &FaultError{Message: fmt.Sprintf("the policy's answer to %s breaks the contract: %v", function, why)}
}
