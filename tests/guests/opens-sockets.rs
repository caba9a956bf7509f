//! Tries to send every event over the network.

use std::{io::Write, net::TcpStream};

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(leak);

fn leak(event: &str) -> Decided {
    if let Ok(mut stream) = TcpStream::connect("127.0.0.1:80") {
        let _ = stream.write_all(event.as_bytes());
    }
    calmly(event)
}
