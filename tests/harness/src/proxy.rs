//! A TCP proxy that can stop passing bytes on, and cut connections: with it a test knows that a kill fell between two steps.
//!
//! It knows nothing of HTTP, but can begin to hold where a text (as `POST /v1.0/publish/`) comes by.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::wait;

/// A running proxy; its connections end with it.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    control: Arc<Control>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Control {
    hold: watch::Sender<Hold>,
    /// How many pieces wait now.
    held: watch::Sender<usize>,
    /// Connections made before the last cut have a smaller number.
    cuts: watch::Sender<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hold {
    Nothing,
    Everything,
    /// What a client sends from a text on.
    Requests(String),
    /// What the target sends.
    Answers,
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    Request,
    Answer,
}

impl Proxy {
    /// Starts a proxy in front of a port of 127.0.0.1, where something listens or will listen.
    pub async fn start(target: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let control = Arc::new(Control {
            hold: watch::Sender::new(Hold::Nothing),
            held: watch::Sender::new(0),
            cuts: watch::Sender::new(0),
        });
        let task = tokio::spawn(accept(listener, target, Arc::clone(&control)));
        Ok(Self { port, control, task })
    }

    /// The port that clients use in place of the target's.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Passes nothing on from now on; what comes is kept, and connections stay open.
    pub fn hold(&self) {
        self.control.hold.send_replace(Hold::Everything);
    }

    /// Holds each connection from where its client sends this text; the others go on.
    pub fn hold_requests(&self, text: &str) {
        self.control.hold.send_replace(Hold::Requests(text.to_owned()));
    }

    /// Holds what the target sends: it has done what it was asked, and its client does not learn of it.
    pub fn hold_answers(&self) {
        self.control.hold.send_replace(Hold::Answers);
    }

    /// Waits until something is held, and so has not been passed on.
    pub async fn wait_held(&self) -> Result<()> {
        let held = self.control.held.subscribe();
        wait::until("the proxy to hold something", wait::PATIENCE, async || {
            (*held.borrow() > 0).then_some(())
        })
        .await
    }

    /// Passes everything on, what was held first, even when the one who sent it is gone by now.
    pub fn release(&self) {
        self.control.hold.send_replace(Hold::Nothing);
    }

    /// Closes every connection; what was held on them is lost. New ones are accepted.
    pub fn cut(&self) {
        self.control.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: u16, control: Arc<Control>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Out of file descriptors, say: others are closed meanwhile.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        connections.spawn(connection(client, target, Arc::clone(&control)));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(client: TcpStream, target: u16, control: Arc<Control>) {
    let mut cuts = control.cuts.subscribe();
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let both = async {
        tokio::join!(
            pass_on(from_client, to_server, Direction::Request, &control),
            pass_on(from_server, to_client, Direction::Answer, &control),
        )
    };
    tokio::select! {
        _ = both => {}
        _ = cuts.changed() => {}
    }
}

/// Passes on what comes until the end, and then says that it is the end.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    direction: Direction,
    control: &Control,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = from.read(&mut buffer).await?;
        let piece = &buffer[..length];
        control.wait_until_free(direction, piece).await;
        if piece.is_empty() {
            return to.shutdown().await;
        }
        to.write_all(piece).await?;
    }
}

impl Control {
    async fn wait_until_free(&self, direction: Direction, piece: &[u8]) {
        let mut hold = self.hold.subscribe();
        if !hold.borrow_and_update().applies_to(direction, piece) {
            return;
        }
        let _held = Held::new(self);
        let _ = hold.wait_for(|hold| *hold == Hold::Nothing).await;
    }
}

/// Counts a piece while it is held, also when its connection is cut.
struct Held<'a>(&'a Control);

impl<'a> Held<'a> {
    fn new(control: &'a Control) -> Self {
        control.held.send_modify(|held| *held += 1);
        Self(control)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.held.send_modify(|held| *held -= 1);
    }
}

impl Hold {
    fn applies_to(&self, direction: Direction, piece: &[u8]) -> bool {
        match (self, direction) {
            (Self::Everything, _) | (Self::Answers, Direction::Answer) => true,
            (Self::Requests(text), Direction::Request) => contains(piece, text.as_bytes()),
            (Self::Nothing | Self::Requests(_) | Self::Answers, _) => false,
        }
    }
}

fn contains(piece: &[u8], text: &[u8]) -> bool {
    text.is_empty() || piece.windows(text.len()).any(|window| window == text)
}
