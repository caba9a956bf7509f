//! Policies that are made of data. The code of a prebuilt component is compiled once, and each instance is given its bundle, which
//! takes milliseconds. Knows nothing of what is in a bundle.

use std::{fmt, sync::Arc, time::Instant};

use wasmtime::component::{Component, ComponentExportIndex};

use crate::{
    digest::Digest,
    instance::Configuration,
    load::{Code, Effort, contract_shape},
    load_error::LoadError,
    policy::{LoadReport, Policy},
    shared::Shared,
};

/// The export by which an instance is given its bundle.
const CONFIGURE: &str = "configure";

/// The code of policies that are made of data.
pub struct Prebuilt {
    shared: Arc<Shared>,
    component: Component,
    configure: ComponentExportIndex,
    digest: Digest,
    /// How the code was loaded.
    report: LoadReport,
}

/// The digest of the code of a component of this digest: in a cache it is another file than the snapshot of the same bytes.
pub(crate) fn code_digest(component: &Digest) -> Digest {
    Digest::of(format!("{CONFIGURE} {component}").as_bytes())
}

impl Prebuilt {
    pub(crate) async fn load(shared: Arc<Shared>, bytes: &[u8], carried: &'static [u8]) -> Result<Self, LoadError> {
        let shape = contract_shape(bytes)?;
        let digest = Digest::of(bytes);
        let code = Code::Prebuilt {
            bytes: bytes.to_vec(),
            carried,
        };
        let built = shared.clone().build(code, code_digest(&digest), Effort::Full).await?;
        let configure = built.component.get_export_index(None, CONFIGURE);
        let mut report = LoadReport::new(shape.imports, shape.exports, bytes.len());
        (report.from_cache, report.compile) = (built.is_cached, built.compile);
        Ok(Self {
            configure: configure.ok_or_else(|| LoadError::MissingExport {
                name: CONFIGURE.to_owned(),
            })?,
            component: built.component,
            shared,
            digest,
            report,
        })
    }

    /// The policy of a bundle, under this digest. It is proven first, in an instance of its own that is dropped after the first
    /// self-test. The others are reused: the code is not the bundle's author's.
    pub async fn configure(&self, bundle: &str, digest: Digest) -> Result<Policy, LoadError> {
        let started = Instant::now();
        let configuration = Configuration {
            export: self.configure,
            bundle: bundle.into(),
            is_proven: true,
        };
        let mut report = self.report.clone();
        report.bytes = bundle.len();
        let mut policy = self
            .shared
            .policy(&self.component, Some(configuration), digest, report)
            .await?;
        policy.report.total = started.elapsed();
        Ok(policy)
    }
}

impl fmt::Debug for Prebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prebuilt")
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}
