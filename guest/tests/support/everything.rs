//! A policy of plain files that has everything that a policy can have, and events for it: what must be the same everywhere is shown by
//! these.

use serde_json::{Value, json};
use tidegate_policy::{Bundle, File};

/// The time by which all are judged. Some events state none.
const NOW: &str = "2026-03-01T09:30:00Z";

/// The policy, as one document.
pub(crate) fn document() -> String {
    let file = |name: &str, text: &Value| File {
        name: name.to_owned().into(),
        text: text.to_string().into(),
    };
    let example = |event_type: &str, version: &str, data: &Value| json!([{ "id": "e", "type": event_type, "version": version, "customer": "c", "at": NOW, "data": data }]);
    let files = vec![
        file("policy.json", &manifest()),
        file(
            "placed/1.json",
            &json!({
                "properties": { "data": { "required": ["total"], "properties": { "total": { "type": "number" } } } },
                "examples": example("placed", "1", &json!({ "total": 5 })),
            }),
        ),
        file(
            "placed/2.json",
            &json!({
                "properties": { "data": { "required": ["price"], "properties": { "price": {
                    "required": ["total"], "properties": { "total": { "type": "string", "maxLength": 60 } }
                } } } },
                "examples": example("placed", "2", &json!({ "price": { "total": "5" }, "currency": "EUR" })),
            }),
        ),
        file(
            "review.json",
            &json!({ "examples": example("review", "1", &json!({ "total": "5" })) }),
        ),
        file(
            "repeat.json",
            &json!({ "examples": example("repeat", "1", &json!({ "next": NOW })) }),
        ),
    ];
    let bundle = Bundle::from_files(files).expect("a bundle");
    bundle.to_document().expect("a document")
}

fn manifest() -> Value {
    json!({
        "name": "everything", "version": "1",
        "envelope": { "id": "/id", "type": "/type", "version": "/version", "key": "/customer", "time": "/at", "payload": "/data" },
        "cloudevents": { "id": "id", "type": "type", "version": "dataversion", "key": "subject", "time": "time", "payload": "data" },
        "event_types": { "placed": placed(), "review": {
            "channel": [{ "when": "decimal(event.data.total) > 40", "to": ["large", "all"] }, { "to": "reviews" }],
            "accepted": false,
            "drop": [{ "id": "cheap", "when": "decimal(event.data.total) < 2" }],
            "versions": { "1": "review.json" }
        }, "repeat": { "channel": "repeats", "accepted": false, "versions": { "1": "repeat.json" } } },
        "rules": [{
            "id": "known-customer", "expr": "event.customer.matches('^c')", "message": "customers are called c…",
            "at": "/customer", "versions": "all"
        }]
    })
}

fn placed() -> Value {
    json!({
        "channel": [{ "when": "int(event.data.price.total) % 2 == 0", "to": ["even", "all"] }, { "to": "orders" }],
        "not_before": "/data/leave",
        "versions": { "1": "placed/1.json", "2": "placed/2.json" },
        "default_version": "1",
        "migrations": [{ "from": "1", "to": "2", "otherwise": "reject", "do": [
            { "convert": { "at": "/data/total", "from": "number", "to": "decimal-string" } },
            { "wrap": { "at": "/data/total", "name": "total" } },
            { "rename": { "from": "/data/total", "to": "/data/price" } },
            { "add": { "at": "/data/currency", "value": "EUR", "otherwise": "reject" } },
            { "each": { "at": "/data/lines", "do": [{ "rename": { "from": "/n", "to": "/qty" } }] } },
            { "map": { "at": "/data/state", "values": { "open": "placed", "done": "paid" }, "others": "keep" } }
        ] }],
        "rules": [
            { "id": "total", "expr": "decimal(event.data.price.total) * 3 >= decimal('0.3')", "message": "too little", "at": "/data/price" },
            { "id": "names", "message": "names", "expr":
                "!has(event.data.names) || event.data.names.map(name, name).filter(name, name.matches('^[a-m]')).size() < 3" },
            { "id": "pairs", "message": "pairs", "expr":
                "!has(event.data.lines) || event.data.lines.all(a, event.data.lines.exists(b, a.qty + b.qty > 0))" }
        ],
        "drop": [{ "id": "tenant", "when": "has(attributes.tenant) && attributes.tenant.endsWith('7')" }],
        "emits": [
            { "type": "review", "when": "size(event.data.lines) > 5", "copy": {
                "/customer": "/customer", "/data/total": "/data/price/total", "/data/of": { "value": [1.10] }
            } },
            { "type": "repeat", "when": "has(event.data.every)", "recur": {
                "of": ["/customer"], "from": ["/data/due", "/at"], "pattern": "/data/every",
                "patterns": { "d": "day", "w": "week", "m": "month", "y": "year" }, "anchor": "/data/day"
            }, "copy": { "/customer": "/customer", "/data/next": { "recur": "next" }, "/data/day": { "recur": "anchor" } } }
        ]
    })
}

/// An event as `json.process` is asked of it, and its attributes: numbers of many digits, objects of many orders, both versions, bare and
/// with attributes, with a time and without, and some that are wrong.
pub(crate) fn question(number: usize) -> (String, String) {
    let mut state = (number as u64).wrapping_mul(6_364_136_223_846_793_005) ^ 0x1405_7b7e_f767_814f;
    let mut next = |below: u64| {
        state ^= state >> 29;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 32;
        state % below
    };
    let total = match next(8) {
        0 => format!("{}.{}", next(90), next(1_000_000_000)),
        1 => format!("{}E{}", next(9) + 1, next(40)),
        2 => format!("9007199254740993{}", next(10)),
        _ => next(90).to_string(),
    };
    let is_newer = next(2) == 0;
    let names: Vec<_> = (0..next(6))
        .map(|at| {
            format!(
                r#""{}{at}":{at}"#,
                char::from(b'a' + u8::try_from(next(26)).unwrap_or(0))
            )
        })
        .collect();
    let lines: Vec<_> = (0..next(20))
        .map(|_| {
            format!(
                r#"{{"{}":{}}}"#,
                if is_newer { "qty" } else { "n" },
                i64::try_from(next(9)).unwrap_or(0) - 1
            )
        })
        .collect();
    let mut data = vec![
        if is_newer {
            format!(r#""price":{{"total":"{total}"}},"currency":"EUR""#)
        } else {
            format!(r#""total":{total}"#)
        },
        format!(r#""lines":[{}]"#, lines.join(",")),
        format!(r#""names":{{{}}}"#, names.join(",")),
    ];
    if next(2) == 0 {
        data.push(format!(
            r#""every":"{}""#,
            ["d", "w", "m", "y", "x"][usize::try_from(next(5)).unwrap_or(0)]
        ));
    }
    if next(2) == 0 {
        data.push(format!(
            r#""due":"2026-0{}-{}T18:00:00+0{}:30""#,
            next(9) + 1,
            next(20) + 10,
            next(9)
        ));
    }
    if next(3) == 0 {
        data.push(format!(r#""day":{}"#, next(33)));
    }
    if next(4) == 0 {
        data.push(format!(r#""leave":"2026-03-0{}T00:00:00Z""#, next(9) + 1));
    }
    let at = data.len() as u64;
    let turned = usize::try_from(next(at)).unwrap_or(0);
    data.rotate_left(turned);
    let data = format!("{{{}}}", data.join(","));
    let version = if is_newer { "2" } else { "1" };
    let customer = if next(40) == 0 { "d" } else { "c" };
    let has_time = next(3) > 0;
    let tenant = next(100);
    let (event, attributes) = if next(3) == 0 {
        let time = if has_time {
            r#","time":"2026-02-28T09:30:00Z""#
        } else {
            ""
        };
        let attributes = format!(
            r#"{{"id":"e-{number}","source":"/s","type":"placed","dataversion":"{version}","subject":"{customer}-{}"{time},"tenant":"{tenant}"}}"#,
            number % 7
        );
        (data, attributes)
    } else {
        let time = if has_time {
            r#""at":"2026-02-28T09:30:00Z","#
        } else {
            ""
        };
        let event = format!(
            r#"{{"id":"e-{number}",{time}"type":"placed","version":"{version}","data":{data},"customer":"{customer}-{}"}}"#,
            number % 7
        );
        (event, format!(r#"{{"tenant":"{tenant}"}}"#))
    };
    (json!({ "event": event, "now": NOW }).to_string(), attributes)
}
