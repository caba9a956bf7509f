//! The accept loop. It limits the number of connections and closes those that are slow or idle.
//!
//! Knows no routes. A connection is closed when it does not send the head of a request within `limits.header_seconds`, or
//! does not read an answer within `limits.body_seconds`.

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tidegate_metrics::Metrics;
use tidegate_model::rate_limited_log::RateLimitedLog;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    bounded_heads::{BoundedHeads, RequestEnd},
    head::Bounds,
    limits::Limits,
    linger::Lingering,
    write_limit::WriteLimit,
};

/// Time for the last answers when the gate stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Pause after an error of `accept`, such as too many open files, which an immediate retry does not solve.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves connections until `closing`, then gives open connections [`LAST_ANSWERS`] to finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    metrics: Arc<Metrics>,
    closing: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_headers(limits.header_count)
        .max_buf_size(limits.header_bytes);
    let accept = async {
        // When no slot is free, new connections wait in the queue of the listener.
        while let Ok(slot) = slots.clone().acquire_owned().await {
            let stream = accept(&listener).await;
            let connection = connection(
                stream,
                http.clone(),
                router.clone(),
                limits,
                metrics.clone(),
                closing.clone(),
            );
            connections.spawn(async move {
                connection.await;
                drop(slot);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = closing.cancelled() => {}
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept(listener: &TcpListener) -> TcpStream {
    static LOG: RateLimitedLog = RateLimitedLog::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if let Some(suppressed) = LOG.allow() {
                    tracing::error!(%error, suppressed, "cannot accept connections; retrying");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn connection(
    stream: TcpStream,
    http: http1::Builder,
    router: Router,
    limits: Limits,
    metrics: Arc<Metrics>,
    closing: CancellationToken,
) {
    // An answer is one write, so there is nothing to gather.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let request_end = RequestEnd::default();
    let end = request_end.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        router.call(request.map(|body| Lingering::new(body, end.clone())))
    });
    let stream = WriteLimit::new(stream, limits.body);
    let stream = TokioIo::new(BoundedHeads::new(stream, Bounds::of(&limits), request_end));
    let mut connection = pin!(http.serve_connection(stream, service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            timeout(LAST_ANSWERS, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        report(&error, &limits, &metrics);
    }
}

fn report(error: &hyper::Error, limits: &Limits, metrics: &Metrics) {
    static LOG: RateLimitedLog = RateLimitedLog::new();
    if !error.is_parse_too_large() {
        tracing::debug!(%error, "a connection ended");
        return;
    }
    metrics.refused("head-too-large");
    if let Some(suppressed) = LOG.allow() {
        let Limits {
            header_count,
            header_bytes,
            ..
        } = limits;
        tracing::error!(
            suppressed,
            "a request had more than {header_count} headers or {header_bytes} bytes of them and was answered with 431; if it \
             was a delivery, its partition is blocked: exclude the headers of producers in the pub/sub component \
             (`excludeHeaderMetaRegex`, as deploy/dapr/pubsub.yaml does), or raise `limits.header_count` and `limits.header_bytes`"
        );
    }
}
