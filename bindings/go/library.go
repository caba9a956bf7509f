// The C library: each of its functions as a [call], and its statuses as errors. Nothing else knows cgo.

package tidegate

/*
#cgo pkg-config: tidegate
#include <tidegate.h>
*/
import "C"

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"
)

// handle names an open policy in the library. The number of a closed policy is refused there and never used again.
type handle = C.tidegate_policy

// slot is where the library writes its answer. The library owns the text until tidegate_free.
type slot struct {
	text   *C.char
	length C.size_t
}

// call is one call of the library with an open policy.
type call func(handle, *slot) C.tidegate_status

func validating(event []byte, attributes *C.char) call {
	return func(policy handle, to *slot) C.tidegate_status {
		return C.tidegate_validate(policy, first(event), C.size_t(len(event)), attributes, &to.text, &to.length)
	}
}

func migrating(event []byte, version, attributes *C.char) call {
	return func(policy handle, to *slot) C.tidegate_status {
		return C.tidegate_migrate(policy, first(event), C.size_t(len(event)), version, attributes, &to.text, &to.length)
	}
}

func attempting(eventType *C.char, attempt uint32) call {
	return func(policy handle, to *slot) C.tidegate_status {
		return C.tidegate_next_attempt(policy, eventType, C.uint32_t(attempt), &to.text, &to.length)
	}
}

func processing(event []byte, now, version, attributes *C.char) call {
	return func(policy handle, to *slot) C.tidegate_status {
		return C.tidegate_process(policy, first(event), C.size_t(len(event)), now, version, attributes, &to.text, &to.length)
	}
}

func catalogOf(policy handle, to *slot) C.tidegate_status {
	return C.tidegate_catalog(policy, &to.text, &to.length)
}

func digestOf(policy handle, to *slot) C.tidegate_status {
	return C.tidegate_digest(policy, &to.text, &to.length)
}

// ask waits for a permit and makes the call. The library keeps the last error of each thread, so that both happen on one.
func (p *Policy) ask(ctx context.Context, call call) ([]byte, error) {
	if p.permits == nil {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.permits <- struct{}{}:
		defer func() { <-p.permits }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// The cleanup of an unreachable policy must not close it during a call.
	defer runtime.KeepAlive(p)

	var to slot
	if status := call(p.handle, &to); status != C.TIDEGATE_OK {
		return nil, failure(status, C.GoString(C.tidegate_last_error()))
	}
	defer C.tidegate_free(to.text)
	return bytes.Clone(unsafe.Slice((*byte)(unsafe.Pointer(to.text)), to.length)), nil
}

func openHandle(path string, component []byte, options string) (handle, error) {
	chosen, err := cText("the options", options)
	if err != nil {
		return 0, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var opened handle
	status := C.tidegate_open_bytes(first(component), C.size_t(len(component)), chosen, &opened)
	if status == C.TIDEGATE_OK {
		return opened, nil
	}
	err = failure(status, C.GoString(C.tidegate_last_error()))
	if status == C.TIDEGATE_LOAD || status == C.TIDEGATE_IO {
		err = &LoadError{Path: path, Err: err}
	}
	return 0, err
}

func closeHandle(policy handle) {
	// It fails only when it was closed before.
	C.tidegate_close(policy)
}

func failure(status C.tidegate_status, message string) error {
	switch status {
	case C.TIDEGATE_ARGUMENT, C.TIDEGATE_MISUSE:
		return &MisuseError{Message: message}
	case C.TIDEGATE_CLOSED:
		return ErrClosed
	case C.TIDEGATE_FAULT:
		return &FaultError{Message: message}
	default:
		return errors.New(message)
	}
}

// first is the address of the bytes, or null when there are none.
func first(bytes []byte) *C.uint8_t {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.uint8_t)(&bytes[0])
}

// cText is a text that ends with NUL, in memory of Go: the library does not keep it. The library itself refuses text that is
// not UTF-8.
func cText(name, text string) (*C.char, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, &MisuseError{Message: fmt.Sprintf("%s holds a NUL: %q", name, text)}
	}
	return (*C.char)(unsafe.Pointer(&append([]byte(text), 0)[0])), nil
}

// cAttributes is the text of the attributes.
func cAttributes(options []CallOption) (*C.char, error) {
	text, err := attributesOf(options)
	if err != nil {
		return nil, err
	}
	return cText("the attributes", text)
}
