/**
 * Judges events by a Tidegate policy, in process.
 *
 * <p>A policy is one WebAssembly component, the same file that a gate runs. It gives the same answers here, byte for byte.
 * {@link dev.tidegate.Policy} is the class to start with.
 */
package dev.tidegate;
