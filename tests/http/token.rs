//! The token, on every route there is.

use tidegate_tests::{SqliteGate, Wire};

const TOKEN: &str = "a-secret";

#[tokio::test]
async fn every_route_but_the_probes_asks_for_the_token() {
    let env = [("APP_API_TOKEN", TOKEN)];
    let gate = SqliteGate::start_with("token-everywhere", "", &env).await;
    let (public, admin) = (gate.port(), gate.admin_port());
    let ask = async |port: u16, method: &str, path: &str, token: Option<&str>| {
        let token = token.map_or_else(String::new, |token| format!("dapr-api-token: {token}\r\n"));
        let mut wire = Wire::open(port).await;
        wire.send(format!(
            "{method} {path} HTTP/1.1\r\nhost: gate\r\n{token}content-length: 2\r\n\r\n{{}}"
        ))
        .await;
        wire.answer().await
    };
    for (port, method, path, with_token) in [
        (public, "GET", "/dapr/subscribe", 200),
        (public, "POST", "/deliver/task-events", 200),
        (public, "POST", "/deliver/reminders", 200),
        (public, "POST", "/deliver/yesterday", 503),
        (public, "POST", "/v1/events", 422),
        (public, "POST", "/v1/validate", 422),
        (public, "POST", "/v1/migrate?to=1.1", 422),
        (public, "GET", "/v1/events", 405),
        (public, "GET", "/nothing", 404),
        (admin, "GET", "/admin/status", 200),
        (admin, "GET", "/nothing", 404),
    ] {
        for token in [None, Some("a-secreT"), Some("a-secret-and-more"), Some("")] {
            let answer = ask(port, method, path, token).await;
            assert_eq!(answer.status, 401, "{method} {path} with {token:?}");
            answer.assert_problem(401);
        }
        let answer = ask(port, method, path, Some(TOKEN)).await;
        assert_eq!(answer.status, with_token, "{method} {path}: {answer:?}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(ask(public, "GET", path, None).await.status, 200, "{path}");
    }
    assert!(!gate.log().contains(TOKEN), "secrets are not logged");
}
