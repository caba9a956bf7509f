//! `export_policy!`, by which any crate becomes a component that is a policy.

/// Exports a policy from the crate that calls it: `export_policy!(policy)`, with a function
/// `fn policy() -> Result<Policy, PolicyError>`.
///
/// The function is called once, when the component is prepared. If it fails, the error is written on standard error, which a host
/// repeats, and the component traps. On other targets than wasm the macro only checks the type of the function.
#[macro_export]
macro_rules! export_policy {
    ($policy:path) => {
        #[cfg(not(target_family = "wasm"))]
        const _: fn() -> ::core::result::Result<$crate::Policy, $crate::PolicyError> = $policy;

        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, unreachable_pub, reason = "generated code")]
        mod tidegate_policy_exports {
            #[allow(unused_imports, reason = "the function may be named by a path")]
            use super::*;

            struct Source;

            impl $crate::component::PolicySource for Source {
                fn policy() -> &'static $crate::Policy {
                    static POLICY: ::std::sync::LazyLock<$crate::Policy> =
                        ::std::sync::LazyLock::new(|| $policy().unwrap_or_else(|error| $crate::component::refuse(&error)));
                    &POLICY
                }
            }

            type Exported = $crate::component::Component<Source>;
            $crate::contract::bindings::export_component!(Exported with_types_in $crate::contract::bindings);
        }
    };
}
