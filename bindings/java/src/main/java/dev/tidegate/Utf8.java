// Strings as the library expects them. Java's own encoders replace what they cannot encode by a question mark; here nothing is
// lost.

package dev.tidegate;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

final class Utf8 {
    private Utf8() {}

    /** UTF-8, but for lone surrogates: each becomes three bytes that are not UTF-8, so that the library refuses them. */
    static byte[] bytes(String text) {
        int lone = nextLoneSurrogate(text, 0);
        if (lone < 0) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() + 2);
        int start = 0;
        for (; lone >= 0; lone = nextLoneSurrogate(text, start)) {
            bytes.writeBytes(text.substring(start, lone).getBytes(StandardCharsets.UTF_8));
            char unit = text.charAt(lone);
            bytes.write(0xE0 | unit >> 12);
            bytes.write(0x80 | unit >> 6 & 0x3F);
            bytes.write(0x80 | unit & 0x3F);
            start = lone + 1;
        }
        bytes.writeBytes(text.substring(start).getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    /** The same with a NUL at the end. */
    static byte[] terminated(String name, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(name + " holds a NUL");
        }
        return bytes(text + '\0');
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static int nextLoneSurrogate(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (!Character.isSurrogate(unit)) {
                continue;
            }
            boolean paired = Character.isHighSurrogate(unit)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1));
            if (!paired) {
                return i;
            }
            i++;
        }
        return -1;
    }
}
