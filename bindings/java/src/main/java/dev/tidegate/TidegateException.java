// What a policy's answers and failures have in common.

package dev.tidegate;

import java.util.List;

/** An event that a policy does not take, or a policy that does not answer. */
public abstract sealed class TidegateException extends RuntimeException
        permits InvalidEventException, MigrationFailedException, PolicyFaultException, PolicyLoadException {
    private static final long serialVersionUID = 1;

    TidegateException(String message, Throwable cause) {
        super(message, cause);
    }

    static String inOneLine(List<Violation> violations) {
        if (violations.isEmpty()) {
            return "no reason given";
        }
        Violation first = violations.get(0);
        String line = first.code() + " at \"" + first.path() + "\": " + first.message();
        int more = violations.size() - 1;
        return more == 0 ? line : line + " (and " + more + " more)";
    }
}
