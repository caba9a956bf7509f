//! Messages that every policy rejects: each is one dead letter, complete, and its partition goes on.

use std::time::Duration;

use anyhow::{Result, ensure};
use tidegate_harness::{Cluster, Record, Test};
use tidegate_tests::workload::valid_event;

use crate::{
    rig::{Plan, Rig},
    sinks::take,
};

const LIMIT: Duration = Duration::from_mins(1);
const LARGE: usize = 900_000;

/// The events that arrive, in order.
const VALID: [&str; 5] = [
    "poison-fits",
    "poison-headers",
    "poison-attribute",
    "poison-key",
    "poison-after",
];

pub(crate) async fn poison(test: Test<Cluster>) -> Result<()> {
    let plan = Plan {
        // For keys, as deploy/README.md says.
        config: "limits: { header_bytes: 4194304 }".to_owned(),
        ..Plan::default()
    };
    let rig = Rig::start(&test, plan, take).await?;
    let valid = |id: &str, note: &str| {
        let note = format!(r#""note":"{note}""#);
        valid_event(id, "task.created", "1.1", "user-1", &note)
    };
    let large = "x".repeat(LARGE);
    let wrong = valid("poison-large", &large).replace("9007199254740993", r#""123""#);
    let bad: [(&str, Vec<u8>); 7] = [
        ("not-utf8", b"\xff\xfe not an event \x00".to_vec()),
        ("not-utf8", [&b"\xff"[..], large.as_bytes()].concat()),
        ("not-json", large.clone().into_bytes()),
        ("not-json", vec![0; LARGE]),
        ("type", wrong.into_bytes()),
        ("not-json", Vec::new()),
        (
            "not-json",
            br#"{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"!"}"#[..40].to_vec(),
        ),
    ];
    // One partition: each would hold up the next one for ever.
    let mut records: Vec<Record> = bad.iter().map(|(_, bytes)| Record::new(bytes.clone())).collect();
    records.push(Record::new(valid("poison-fits", &large)));
    records.push(hostile(Record::new(valid("poison-headers", "hostile headers"))));
    records.push(hostile(Record::new(&b"\xff hostile"[..])));
    let (empty_id, many) = (valid("poison-id", "an id"), valid("poison-many", "headers"));
    records.push(Record::new(empty_id.clone()).header("ce_id", ""));
    records.push(many_attributes(Record::new(many.clone())));
    let large_attribute = vec![0xff; 100 << 10];
    records.push(Record::new(valid("poison-attribute", "a header")).header("ce_large", large_attribute));
    records.push(Record::new(valid("poison-key", "a key")).key(vec![0xff; LARGE]));
    records.push(Record::new(valid("poison-after", "the partition goes on")).key("user-1"));
    let count = records.len();
    let mut sources = Vec::new();
    for mut record in records {
        record.partition = Some(0);
        sources.extend(rig.produce(vec![record]).await?);
    }
    rig.sinks.wait_taken(VALID.len(), LIMIT).await?;
    let mut letters = rig.wait_letters(bad.len() + 3, LIMIT).await?;
    letters.sort_by_key(|letter| sources.iter().position(|source| *source == letter.source));

    let mut wanted: Vec<_> = bad.iter().map(|(code, bytes)| (*code, bytes.as_slice())).collect();
    wanted.push(("not-utf8", b"\xff hostile"));
    wanted.push(("envelope", empty_id.as_bytes()));
    wanted.push(("envelope", many.as_bytes()));
    ensure!(
        letters.len() == wanted.len(),
        "one dead letter each, not {}",
        letters.len()
    );
    for (letter, (code, bytes)) in letters.iter().zip(wanted) {
        ensure!(letter.code.as_deref() == Some(code), "{code}, not {:?}", letter.code);
        ensure!(
            letter.original == bytes,
            "{code}: {} bytes of {} are in the dead letter",
            letter.original.len(),
            bytes.len()
        );
    }
    let ids: Vec<_> = rig.sinks.calls().into_iter().map(|call| call.output.id).collect();
    ensure!(ids == VALID, "{ids:?}");
    println!(
        "{count} records in one partition, {} outputs, {} dead letters, 0 lost",
        ids.len(),
        letters.len()
    );
    Ok(())
}

/// Headers that mean something to HTTP, to Dapr or to the gate, or that HTTP does not allow.
fn hostile(record: Record) -> Record {
    let headers: [(&str, &[u8]); 15] = [
        ("content-length", b"0"),
        ("content-type", b"text/html\r\nx-injected: 1"),
        ("transfer-encoding", b"chunked"),
        ("connection", b"close"),
        ("host", b"example.invalid"),
        ("expect", b"100-continue"),
        ("__offset", b"../../etc\n"),
        ("__partition", b"999999999999999999999999"),
        ("__timestamp", b"-99999999999999999"),
        ("__topic", b"other"),
        ("dapr-api-token", b"guess"),
        ("traceparent", b"\xff\x00"),
        ("two words", b"value"),
        ("new\nline", b"a\r\nb"),
        ("\u{e9}", b"\xc3\xa9"),
    ];
    let long = vec![b'y'; 2000];
    headers
        .into_iter()
        .fold(record, |record, (name, value)| record.header(name, value))
        .header("long", long)
}

/// More attributes than an event may have.
fn many_attributes(record: Record) -> Record {
    (0..300).fold(record, |record, number| record.header(format!("ce_x{number}"), "x"))
}
