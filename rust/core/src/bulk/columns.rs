//! Rows as one Arrow record batch. Only types that Arrow, Spark, DuckDB and Polars all take.

use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, Int64Builder, LargeBinaryBuilder, ListBuilder, StringBuilder, StructBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, TimeUnit};

use crate::asn1::UnixTime;
use crate::bulk::row::{LayerRow, RecipientRow, Row, SignerRow};

fn utf8(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn time(name: &str) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true)
}

fn list(name: &str, item: DataType) -> Field {
    Field::new(name, DataType::List(Arc::new(Field::new("item", item, true))), true)
}

fn recipient_fields() -> Fields {
    ["type", "id", "algorithm"].map(utf8).into_iter().collect()
}

fn layer_fields() -> Fields {
    let mut fields: Vec<_> = ["kind", "form", "path", "algorithm"].map(utf8).into();
    fields.push(list("recipients", DataType::Struct(recipient_fields())));
    fields.push(utf8("key_used"));
    fields.into()
}

fn signer_fields() -> Fields {
    let mut fields = vec![list("mailboxes", DataType::Utf8)];
    fields.extend(["subject", "issuer", "serial", "sha256", "digest", "signature_algorithm"].map(utf8));
    fields.push(time("signing_time"));
    fields.extend(["integrity", "chain", "address", "revocation", "time"].map(utf8));
    fields.into()
}

/// The schema of every batch, part and table.
pub fn schema() -> Schema {
    let int = |name: &str| Field::new(name, DataType::Int64, true);
    let strings = |name: &str| list(name, DataType::Utf8);
    Schema::new(vec![
        utf8("id"),
        utf8("source"),
        int("byte_offset"),
        int("byte_length"),
        utf8("raw_sha256"),
        utf8("message_id"),
        time("sent_at"),
        time("received_at"),
        time("judged_at"),
        strings("mail_from"),
        utf8("mail_sender"),
        strings("mail_to"),
        strings("mail_cc"),
        utf8("subject"),
        utf8("status"),
        utf8("summary"),
        utf8("decryption"),
        Field::new("authenticated", DataType::Boolean, true),
        utf8("coverage"),
        strings("findings"),
        list("layers", DataType::Struct(layer_fields())),
        list("signers", DataType::Struct(signer_fields())),
        strings("wanted_keys"),
        utf8("content_sha256"),
        int("content_length"),
        Field::new("content", DataType::LargeBinary, true),
    ])
}

/// The rows as a record batch. Err only if schema and columns disagree, which a test rules out.
pub fn record_batch(rows: &[Row]) -> Result<RecordBatch, ArrowError> {
    let text = |get: fn(&Row) -> Option<&str>| strings(rows.iter().map(get));
    let many = |get: fn(&Row) -> &[String]| string_lists(rows.iter().map(get));
    let numbers = |get: fn(&Row) -> Option<i64>| -> ArrayRef {
        let mut builder = Int64Builder::with_capacity(rows.len());
        rows.iter().for_each(|row| builder.append_option(get(row)));
        tight(builder.finish())
    };
    let columns: Vec<ArrayRef> = vec![
        text(|row| Some(&row.id)),
        text(|row| Some(&row.source)),
        numbers(|row| Some(row.byte_offset)),
        numbers(|row| Some(row.byte_length)),
        text(|row| Some(&row.raw_sha256)),
        text(|row| row.message_id.as_deref()),
        times(rows.iter().map(|row| row.sent_at)),
        times(rows.iter().map(|row| row.received_at)),
        times(rows.iter().map(|row| row.judged_at)),
        many(|row| &row.mail_from),
        text(|row| row.mail_sender.as_deref()),
        many(|row| &row.mail_to),
        many(|row| &row.mail_cc),
        text(|row| row.subject.as_deref()),
        text(|row| Some(row.status)),
        text(|row| Some(row.summary)),
        text(|row| Some(row.decryption)),
        Arc::new(rows.iter().map(|row| Some(row.authenticated)).collect::<arrow_array::BooleanArray>()),
        text(|row| Some(&row.coverage)),
        string_lists(rows.iter().map(|row| row.findings.as_slice())),
        layers(rows),
        signers(rows),
        many(|row| &row.wanted_keys),
        text(|row| row.content_sha256.as_deref()),
        numbers(|row| row.content_length),
        contents(rows),
    ];
    RecordBatch::try_new(Arc::new(schema()), columns)
}

/// Empty: the builders' own first capacity is a thousand values, and a batch of an import has fifty rows.
/// The begin of an Arrow IPC stream: the schema's message.
pub fn ipc_schema() -> Result<Vec<u8>, ArrowError> {
    Ok(StreamWriter::try_new(Vec::new(), &schema())?.get_ref().clone())
}

/// `rows` as the message of one record batch, to stand behind the schema's and others.
pub fn ipc(rows: &[Row]) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &schema())?;
    let begin = writer.get_ref().len();
    writer.write(&record_batch(rows)?)?;
    // Not finished: the mark of a stream's end would end the file that this is appended to.
    Ok(writer.get_mut().split_off(begin))
}

fn text_builder() -> StringBuilder {
    StringBuilder::with_capacity(0, 0)
}

/// Without the room to grow that the builder left, since rows wait in memory for their group.
fn tight<A: Array + 'static>(mut array: A) -> ArrayRef {
    array.shrink_to_fit();
    Arc::new(array)
}

fn strings<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut builder = text_builder();
    values.for_each(|value| builder.append_option(value));
    tight(builder.finish())
}

fn string_lists<'a, S: AsRef<str> + 'a>(lists: impl Iterator<Item = &'a [S]>) -> ArrayRef {
    let mut builder = ListBuilder::with_capacity(text_builder(), 0);
    for list in lists {
        list.iter().for_each(|value| builder.values().append_value(value));
        builder.append(true);
    }
    tight(builder.finish())
}

fn micros(time: UnixTime) -> Option<i64> {
    time.0.checked_mul(1_000_000)
}

fn times(values: impl Iterator<Item = Option<UnixTime>>) -> ArrayRef {
    let mut builder = TimestampMicrosecondBuilder::with_capacity(0).with_timezone("UTC");
    values.for_each(|value| builder.append_option(value.and_then(micros)));
    tight(builder.finish())
}

fn contents(rows: &[Row]) -> ArrayRef {
    let mut builder = LargeBinaryBuilder::with_capacity(rows.len(), 0);
    rows.iter().for_each(|row| builder.append_option(row.content.as_deref()));
    tight(builder.finish())
}

type StringListBuilder = ListBuilder<StringBuilder>;
type StructListBuilder = ListBuilder<StructBuilder>;

/// Field `index` of a struct builder; `schema()` fixes the types, and the test below walks them all.
fn child<T: ArrayBuilder>(builder: &mut StructBuilder, index: usize, with: impl FnOnce(&mut T)) {
    if let Some(field) = builder.field_builder::<T>(index) {
        with(field);
    }
}

fn text_child(builder: &mut StructBuilder, index: usize, value: Option<&str>) {
    child(builder, index, |field: &mut StringBuilder| field.append_option(value));
}

fn recipient_builder() -> StructListBuilder {
    let text = || Box::new(text_builder()) as Box<dyn ArrayBuilder>;
    ListBuilder::with_capacity(StructBuilder::new(recipient_fields(), vec![text(), text(), text()]), 0)
}

fn append_recipients(builder: &mut StructListBuilder, recipients: &[RecipientRow]) {
    for recipient in recipients {
        let fields = builder.values();
        text_child(fields, 0, Some(recipient.kind));
        text_child(fields, 1, Some(&recipient.id));
        text_child(fields, 2, Some(&recipient.algorithm));
        fields.append(true);
    }
    builder.append(true);
}

fn layers(rows: &[Row]) -> ArrayRef {
    let text = || Box::new(text_builder()) as Box<dyn ArrayBuilder>;
    let children = vec![text(), text(), text(), text(), Box::new(recipient_builder()) as Box<dyn ArrayBuilder>, text()];
    let mut builder = ListBuilder::with_capacity(StructBuilder::new(layer_fields(), children), rows.len());
    for row in rows {
        for LayerRow { kind, form, path, algorithm, recipients, key_used } in &row.layers {
            let fields = builder.values();
            for (index, value) in [kind, form, path.as_str(), algorithm.as_str()].into_iter().enumerate() {
                text_child(fields, index, Some(value));
            }
            child(fields, 4, |field: &mut StructListBuilder| append_recipients(field, recipients));
            text_child(fields, 5, key_used.as_deref());
            fields.append(true);
        }
        builder.append(true);
    }
    tight(builder.finish())
}

fn signers(rows: &[Row]) -> ArrayRef {
    let text = || Box::new(text_builder()) as Box<dyn ArrayBuilder>;
    let mut children = vec![Box::new(StringListBuilder::with_capacity(text_builder(), 0)) as Box<dyn ArrayBuilder>];
    children.extend((0..6).map(|_| text()));
    children.push(Box::new(TimestampMicrosecondBuilder::with_capacity(0).with_timezone("UTC")));
    children.extend((0..5).map(|_| text()));
    let mut builder = ListBuilder::with_capacity(StructBuilder::new(signer_fields(), children), rows.len());
    for row in rows {
        row.signers.iter().for_each(|signer| append_signer(builder.values(), signer));
        builder.append(true);
    }
    tight(builder.finish())
}

fn append_signer(fields: &mut StructBuilder, signer: &SignerRow) {
    child(fields, 0, |field: &mut StringListBuilder| {
        signer.mailboxes.iter().for_each(|mailbox| field.values().append_value(mailbox));
        field.append(true);
    });
    let texts = [
        (1, signer.subject.as_deref()),
        (2, signer.issuer.as_deref()),
        (3, signer.serial.as_deref()),
        (4, signer.sha256.as_deref()),
        (5, Some(signer.digest.as_str())),
        (6, Some(signer.signature_algorithm.as_str())),
        (8, Some(signer.integrity)),
        (9, Some(signer.chain)),
        (10, Some(signer.address)),
        (11, Some(signer.revocation)),
        (12, Some(signer.time)),
    ];
    for (index, value) in texts {
        text_child(fields, index, value);
    }
    child(fields, 7, |field: &mut TimestampMicrosecondBuilder| {
        field.append_option(signer.signing_time.and_then(micros))
    });
    fields.append(true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;

    fn row() -> Row {
        let signer = SignerRow {
            mailboxes: vec!["a@example.com".into()],
            subject: Some("CN=A".into()),
            issuer: None,
            serial: None,
            sha256: None,
            digest: "sha-256".into(),
            signature_algorithm: "rsa".into(),
            signing_time: Some(UnixTime(1)),
            integrity: "OK",
            chain: "OK",
            address: "OK",
            revocation: "NOT_CHECKED",
            time: "OK",
        };
        let recipient = RecipientRow { kind: "ktri", id: "ski=00".into(), algorithm: "rsa".into() };
        let layer = LayerRow {
            kind: "enveloped-data",
            form: "opaque",
            path: "/".into(),
            algorithm: "aes-128-cbc".into(),
            recipients: vec![recipient],
            key_used: None,
        };
        Row {
            id: "1".into(),
            source: "s".into(),
            byte_offset: 0,
            byte_length: 3,
            raw_sha256: "00".into(),
            message_id: None,
            sent_at: Some(UnixTime(2)),
            received_at: None,
            judged_at: Some(UnixTime(i64::MAX)),
            mail_from: vec!["a@example.com".into()],
            mail_sender: None,
            mail_to: vec![],
            mail_cc: vec![],
            subject: Some("s".into()),
            status: "VALID",
            summary: "signed",
            decryption: "OK",
            authenticated: true,
            coverage: "all".into(),
            findings: vec!["mime.charset"],
            layers: vec![layer],
            signers: vec![signer],
            wanted_keys: vec![],
            content_sha256: None,
            content_length: None,
            content: Some(b"abc".to_vec()),
        }
    }

    #[test]
    fn every_column_of_the_schema_is_filled() {
        let batch = record_batch(&[row(), row()]).unwrap();
        assert_eq!((batch.num_rows(), batch.num_columns()), (2, schema().fields().len()));
        let signers = batch.column_by_name("signers").unwrap().as_list::<i32>().value(0);
        for column in signers.as_struct().columns() {
            assert_eq!(column.len(), 1);
        }
        let layers = batch.column_by_name("layers").unwrap().as_list::<i32>().value(1);
        let recipients = layers.as_struct().column_by_name("recipients").unwrap().as_list::<i32>().value(0);
        assert_eq!(recipients.as_struct().column(0).as_string::<i32>().value(0), "ktri");
    }

    #[test]
    fn json_has_the_same_names_as_the_schema() {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&row().json()).unwrap();
        let schema = schema();
        let names: std::collections::BTreeSet<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, object.keys().map(String::as_str).collect());
        assert_eq!(object["content"], "YWJj");
    }
}
