// The policy misbehaved.

package dev.tidegate;

/**
 * The policy misbehaved: it trapped, took too long or too much memory, or its answer breaks the contract. This says nothing
 * about the event. The next call works, in a new instance.
 */
public final class PolicyFaultException extends TidegateException {
    private static final long serialVersionUID = 1;

    PolicyFaultException(String message) {
        super(message, null);
    }
}
