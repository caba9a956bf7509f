//! Sends an alert about each dead letter on the channel of the dead letters.

use tidegate_guests::{Guest, PolicyCatalog};

struct AlertsItself;

impl Guest for AlertsItself {
    fn catalog() -> PolicyCatalog {
        let mut catalog = Self::known().catalog(Self::VERSION, Self::CHANNELS);
        catalog.alerts[0].channel = catalog.dead_letters.channel.clone();
        catalog
    }
}

tidegate_guests::export!(AlertsItself);
