// There is no policy.

package dev.tidegate;

/**
 * The policy could not be loaded: the file cannot be read, with the {@code IOException} as cause, or it is not a policy, or the
 * directory for compiled policies cannot be used.
 */
public final class PolicyLoadException extends TidegateException {
    private static final long serialVersionUID = 1;

    PolicyLoadException(String message, Throwable cause) {
        super(message, cause);
    }
}
