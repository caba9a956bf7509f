// The C library, function by function, as `tidegate.h` declares it.

package dev.tidegate;

import com.sun.jna.Native;
import com.sun.jna.Pointer;

/**
 * Direct mapping: texts are bytes that end with NUL, sizes and addresses are longs. The library keeps the last error
 * of each thread, and a call of Java stays on its thread.
 */
final class Libtidegate {
    static final int OK = 0;
    static final int ARGUMENT = 1;
    static final int CLOSED = 2;
    static final int IO = 3;
    static final int LOAD = 4;
    static final int FAULT = 5;
    static final int MISUSE = 6;

    static {
        if (Native.POINTER_SIZE != Long.BYTES || Native.SIZE_T_SIZE != Long.BYTES) {
            throw new UnsatisfiedLinkError("Tidegate needs a 64-bit JVM");
        }
        Native.register(Libtidegate.class, "tidegate");
    }

    private Libtidegate() {}

    static native int tidegate_open_bytes(byte[] bytes, long length, byte[] options, long[] policy);

    static native int tidegate_close(long policy);

    static native int tidegate_validate(
            long policy, byte[] event, long length, byte[] attributes, long[] answer, long[] answerLength);

    static native int tidegate_migrate(
            long policy,
            byte[] event,
            long length,
            byte[] toVersion,
            byte[] attributes,
            long[] answer,
            long[] answerLength);

    static native int tidegate_next_attempt(long policy, byte[] eventType, int attempt, long[] answer, long[] answerLength);

    static native int tidegate_process(
            long policy,
            byte[] event,
            long length,
            byte[] now,
            byte[] target,
            byte[] attributes,
            long[] answer,
            long[] answerLength);

    static native int tidegate_catalog(long policy, long[] answer, long[] answerLength);

    static native int tidegate_digest(long policy, long[] answer, long[] answerLength);

    static native void tidegate_free(long answer);

    private static native Pointer tidegate_last_error();

    static String lastError() {
        return tidegate_last_error().getString(0, "UTF-8");
    }
}
