/**
 * The package for browsers and everything else that is not Node: a policy is a module that `tidegate-transpile` wrote.
 */
export * from './exports.js';
export { Policy } from './policy.js';
