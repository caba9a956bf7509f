/**
 * Judges events by a Tidegate policy, in process.
 *
 * <p>A policy is one WebAssembly component, the very file that a gate runs. It gives the same answers here, byte for byte.
 * {@link dev.tidegate.Policy} is where to begin.
 */
package dev.tidegate;
