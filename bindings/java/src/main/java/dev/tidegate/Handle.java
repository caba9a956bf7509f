// An open policy in the C library: its calls, with statuses as exceptions.

package dev.tidegate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.jna.Pointer;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Map;

/** Owns a policy in the library and closes it, at the latest when the garbage collector finds it. */
final class Handle {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final long LARGEST_ATTEMPT = 0xFFFF_FFFFL;

    /** Names the policy. One that was closed is refused by the library, and never given again. */
    final long number;

    private final Cleaner.Cleanable closing;

    /** What the library is asked: where to put the answer, and its length. */
    @FunctionalInterface
    private interface Call {
        int ask(long[] answer, long[] length);
    }

    private Handle(long number) {
        this.number = number;
        this.closing = CLEANER.register(this, () -> Libtidegate.tidegate_close(number));
    }

    static Handle open(String source, byte[] component, PolicyOptions options) {
        long[] opened = new long[1];
        byte[] chosen = Utf8.terminated("the options", options.json());
        int status = Libtidegate.tidegate_open_bytes(component, component.length, chosen, opened);
        if (status == Libtidegate.LOAD || status == Libtidegate.IO) {
            throw new PolicyLoadException(source + Libtidegate.lastError(), null);
        }
        check(status);
        return new Handle(opened[0]);
    }

    String validate(byte[] event, Map<String, String> attributes) {
        byte[] object = text(attributes);
        return ask((answer, length) ->
                Libtidegate.tidegate_validate(number, event, event.length, object, answer, length));
    }

    String migrate(byte[] event, String toVersion, Map<String, String> attributes) {
        byte[] version = Utf8.terminated("the version", toVersion);
        byte[] object = text(attributes);
        return ask((answer, length) ->
                Libtidegate.tidegate_migrate(number, event, event.length, version, object, answer, length));
    }

    String nextAttempt(String eventType, long attempt) {
        if (attempt < 0 || attempt > LARGEST_ATTEMPT) {
            throw new IllegalArgumentException("attempt is " + attempt + "; 0 to " + LARGEST_ATTEMPT + " are possible");
        }
        byte[] type = Utf8.terminated("the event type", eventType);
        return ask((answer, length) -> Libtidegate.tidegate_next_attempt(number, type, (int) attempt, answer, length));
    }

    String process(byte[] event, String now, String targetVersion, Map<String, String> attributes) {
        byte[] time = Utf8.terminated("now", now);
        byte[] target = targetVersion == null ? null : Utf8.terminated("the target version", targetVersion);
        byte[] object = text(attributes);
        return ask((answer, length) ->
                Libtidegate.tidegate_process(number, event, event.length, time, target, object, answer, length));
    }

    String catalog() {
        return ask((answer, length) -> Libtidegate.tidegate_catalog(number, answer, length));
    }

    String digest() {
        return ask((answer, length) -> Libtidegate.tidegate_digest(number, answer, length));
    }

    void close() {
        closing.clean();
    }

    /** The attributes as the library reads them. */
    private static byte[] text(Map<String, String> attributes) {
        if (attributes.isEmpty()) {
            return null;
        }
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        attributes.forEach(object::put);
        return Utf8.terminated("the attributes", object.toString());
    }

    private String ask(Call call) {
        long[] answer = new long[1];
        long[] length = new long[1];
        try {
            check(call.ask(answer, length));
        } finally {
            // Otherwise the garbage collector could close the policy during the call.
            Reference.reachabilityFence(this);
        }
        try {
            return Utf8.text(new Pointer(answer[0]).getByteArray(0, Math.toIntExact(length[0])));
        } finally {
            Libtidegate.tidegate_free(answer[0]);
        }
    }

    private static void check(int status) {
        if (status == Libtidegate.OK) {
            return;
        }
        String message = Libtidegate.lastError();
        throw switch (status) {
            case Libtidegate.ARGUMENT, Libtidegate.MISUSE -> new IllegalArgumentException(message);
            case Libtidegate.CLOSED -> new IllegalStateException("the policy is closed");
            case Libtidegate.FAULT -> new PolicyFaultException(message);
            default -> new IllegalStateException(message);
        };
    }
}
