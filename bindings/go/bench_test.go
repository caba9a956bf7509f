// What a call costs: go test -run '^$' -bench . -benchmem

package tidegate

import "testing"

func BenchmarkValidate(b *testing.B) {
	policy := builtinPolicy(b)
	for b.Loop() {
		if _, err := policy.Validate(b.Context(), []byte(valid)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidateInvalid(b *testing.B) {
	policy := builtinPolicy(b)
	for b.Loop() {
		if _, err := policy.Validate(b.Context(), []byte(invalid)); err == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkValidateJSON(b *testing.B) {
	policy := builtinPolicy(b)
	for b.Loop() {
		if _, err := policy.ValidateJSON(b.Context(), []byte(valid)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidateParallel(b *testing.B) {
	policy := builtinPolicy(b)
	b.RunParallel(func(loop *testing.PB) {
		for loop.Next() {
			if _, err := policy.Validate(b.Context(), []byte(valid)); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkMigrate(b *testing.B) {
	policy := builtinPolicy(b)
	for b.Loop() {
		if _, err := policy.Migrate(b.Context(), []byte(valid), "1.1"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProcess(b *testing.B) {
	policy := builtinPolicy(b)
	for b.Loop() {
		if _, err := policy.Process(b.Context(), []byte(valid), now, ""); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNextAttempt(b *testing.B) {
	policy := builtinPolicy(b)
	for b.Loop() {
		if _, err := policy.NextAttempt(b.Context(), "task.created", 1); err != nil {
			b.Fatal(err)
		}
	}
}

// The cost of crossing into C: the library has this answer ready.
func BenchmarkCrossing(b *testing.B) {
	policy := builtinPolicy(b)
	for b.Loop() {
		if _, err := policy.ask(b.Context(), digestOf); err != nil {
			b.Fatal(err)
		}
	}
}
