// The policy's answers as it wrote them: the same text in every language.

package tidegate

import "context"

// ValidateJSON is [Policy.Validate] with the policy's answer unchanged. An event that is not valid is an answer here:
//
//	{"valid":true,"event_id":…,"event_type":…,"event_version":…,"key":…,"claim":…}
//	{"valid":false,"cause":"unreadable|unknown|invalid","event_id":…,"event_type":…,
//	 "violations":[{"code","path","message","rule","version"}]}
func (p *Policy) ValidateJSON(ctx context.Context, event []byte, options ...CallOption) ([]byte, error) {
	attributes, err := cAttributes(options)
	if err != nil {
		return nil, err
	}
	return p.ask(ctx, validating(event, attributes))
}

// MigrateJSON is [Policy.Migrate] with the policy's answer unchanged:
//
//	{"migrated":true,"event":"<text>"|null,"attributes":[{"name","value"}],"from_version":…,"to_version":…,"path":[…]}
//	{"migrated":false,"cause":"rejected|no-path|step-failed|invalid-result","event_type":…,"from_version":…,"to_version":…,"violations":[…]}
func (p *Policy) MigrateJSON(ctx context.Context, event []byte, toVersion string, options ...CallOption) ([]byte, error) {
	version, err := cText("the version", toVersion)
	if err != nil {
		return nil, err
	}
	attributes, err := cAttributes(options)
	if err != nil {
		return nil, err
	}
	return p.ask(ctx, migrating(event, version, attributes))
}

// NextAttemptJSON is [Policy.NextAttempt] with the policy's answer unchanged:
//
//	{"action":"retry|dead-letter","delay_ms":1000,"retries_left":2}
func (p *Policy) NextAttemptJSON(ctx context.Context, eventType string, attempt uint32) ([]byte, error) {
	name, err := cText("the event type", eventType)
	if err != nil {
		return nil, err
	}
	return p.ask(ctx, attempting(name, attempt))
}

// ProcessJSON is [Policy.Process] with the policy's answer unchanged; now is a time as RFC 3339 writes it, with an
// offset. The error is *[MisuseError] when now is not such a time.
//
//	{"decision":"forward|drop|reject","rule":…,"claim":…,"event_id":…,"event_type":…,"event_version":…,"key":…,
//	 "outputs":[{"channel","key","id","event_type","event","attributes":[{"name","value"}],"not_before"}],"violations":[…]}
func (p *Policy) ProcessJSON(ctx context.Context, event []byte, now, targetVersion string, options ...CallOption) ([]byte, error) {
	at, err := cText("now", now)
	if err != nil {
		return nil, err
	}
	version, err := cText("the target version", targetVersion)
	if err != nil {
		return nil, err
	}
	if targetVersion == "" {
		version = nil
	}
	attributes, err := cAttributes(options)
	if err != nil {
		return nil, err
	}
	return p.ask(ctx, processing(event, at, version, attributes))
}

// CatalogJSON is [Policy.Catalog] with the policy's answer unchanged:
//
//	{"name":…,"version":…,"digest":…,
//	 "event_types":[{"name","versions":[{"version","example"}],"target_version","default_version","migrations":[{"from","to","lossy"}],
//	  "rules":[…],"drop_rules":[…],"accepted","channels","retry_delays_ms"}],
//	 "channels":[…],"envelope":{"id","event_type","version","key","time"},
//	 "cloud_events":{"attributes":[{"name","place"}],"payload"},"dead_letters":{"channel","event_type","template"},
//	 "alerts":[{"channel","event_types"}],"limits":{"event_bytes","depth"}}
func (p *Policy) CatalogJSON(ctx context.Context) ([]byte, error) {
	return p.ask(ctx, catalogOf)
}
