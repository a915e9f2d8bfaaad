//! What bodies become, and how Jackson refuses them.

use super::*;

const BEAN: Bean = Bean {
    class: "org.example.Bean",
    properties: &[("name", Kind::Text), ("ids", Kind::Texts), ("count", Kind::Long)],
    allows_array: false,
};

/// How deep Jackson goes.
const DEEPEST: usize = 1000;

fn read(bean: &Bean, body: &[u8]) -> Result<Option<Vec<Object>>> {
    super::read(bean, &Json { text: Bytes::copy_from_slice(body), deepest: DEEPEST })
}

fn ids(body: &str) -> Vec<Option<String>> {
    read(&BEAN, body.as_bytes()).unwrap().unwrap()[0].texts("ids").unwrap().to_vec()
}

#[track_caller]
fn check(body: &str, expected: &str) {
    let refusal = read(&BEAN, body.as_bytes()).unwrap_err().to_string();
    let message = refusal.strip_prefix("Could not read content from HTTP request body: ").unwrap_or(&refusal);
    let place = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); ";
    assert_eq!(message.replace(place, "["), expected, "for {body}");
}

#[test]
fn scalars_become_texts_and_one_becomes_a_list() {
    assert_eq!(
        ids(r#"{"ids":["a",1,true,null,"",1.50]}"#),
        [Some("a".into()), Some("1".into()), Some("true".into()), None, None, Some("1.50".into())]
    );
    assert_eq!(ids(r#"{"ids":"\u00e9\""} trailing"#), [Some("é\"".into())]);
    assert_eq!(ids(r#" {"ids":"a","ids":["b"],"count":"7"}"#), [Some("b".into())]);
}

#[test]
fn a_backslash_is_skipped_with_what_follows_it_wherever_it_is() {
    for (body, expected) in [
        (r#"{"ids":["\""]}"#, "\""),
        (r#"{"ids":["a\"b"]}"#, "a\"b"),
        (r#"{"ids":["\\"]}"#, "\\"),
        (r#"{"ids":["\\\"","x"]}"#, "\\\""),
        (r#"{ "name" : "n", "ids" : ["one \"two\" three"]}"#, "one \"two\" three"),
    ] {
        assert_eq!(ids(body)[0].as_deref(), Some(expected), "{body}");
    }
}

#[test]
fn nothing_begins_with_a_comma() {
    check(
        r#"{,"name":"n"}"#,
        "Unexpected character (',' (code 44)): was expecting double-quote to start field name\n at [line: 1, column: 2]",
    );
    check(
        r#"{"ids":[,"a"]}"#,
        "Unexpected character (',' (code 44)): expected a valid value (JSON String, Number, Array, Object or token 'null', \
         'true' or 'false')\n at [line: 1, column: 9]",
    );
}

const INNER: Bean = Bean { class: "org.example.Inner", properties: &[("name", Kind::Text)], allows_array: false };

const ANY: Bean = Bean {
    class: "org.example.Any",
    properties: &[
        ("name", Kind::Text),
        ("count", Kind::Long),
        ("truth", Kind::Boolean),
        ("kind", Kind::Enum { class: "org.example.Kind", names: &["ONE", "TWO"] }),
        ("map", Kind::Map),
        ("bean", Kind::Bean(&INNER)),
        ("beans", Kind::Beans(&INNER)),
        ("rest", Kind::Ignored),
    ],
    allows_array: true,
};

/// The only object in a body.
#[track_caller]
fn one(body: &str) -> Object {
    let mut objects = read(&ANY, body.as_bytes()).unwrap().unwrap();
    assert_eq!(objects.len(), 1, "{body}");
    objects.remove(0)
}

#[test]
fn each_property_has_the_value_that_is_stated() {
    let object = one(
        r#"{"name":"n","count":3,"truth":true,"kind":"TWO","map":{"a":[1,{"b":null}]},"bean":{"name":"i"},"beans":[{},{"name":"j"}],"rest":[{}]}"#,
    );
    assert_eq!((object.text("name"), object.owned("name")), (Some("n"), Some("n".to_owned())));
    assert_eq!(
        (object.long("count"), object.boolean("truth"), object.text("kind")),
        (Some(3), Some(true), Some("TWO"))
    );
    assert_eq!(Value::from(object.map("map").unwrap().clone()), serde_json::json!({"a": [1, {"b": null}]}));
    assert_eq!(object.bean("bean").unwrap().text("name"), Some("i"));
    let names: Vec<_> = object.beans("beans").unwrap().iter().map(|bean| bean.text("name")).collect();
    assert_eq!(names, [None, Some("j")]);
    assert!(object.states("rest"));
    let none = one(r#"{"name":null}"#);
    assert!(none.states("name") && !none.states("count"));
    assert_eq!((none.text("name"), none.long("count"), none.boolean("truth")), (None, None, None));
    assert!(none.map("map").is_none() && none.bean("bean").is_none() && none.beans("beans").is_none());
}

#[test]
fn values_of_another_kind_are_converted_as_jackson_does() {
    let count = |value: &str| one(&format!("{{\"count\":{value}}}")).long("count");
    for (value, expected) in [
        ("0", 0),
        ("-7", -7),
        ("1.9", 1),
        ("-1.9", -1),
        ("1e3", 1000),
        ("2.5E1", 25),
        ("9223372036854775807", i64::MAX),
        ("\" 12 \"", 12),
    ] {
        assert_eq!(count(value), Some(expected), "{value}");
    }
    assert_eq!(count("\" \""), None);
    let truth = |value: &str| one(&format!("{{\"truth\":{value}}}")).boolean("truth");
    for (value, expected) in [("false", false), ("0", false), ("2", true), ("\"True\"", true), ("\" FALSE \"", false)] {
        assert_eq!(truth(value), Some(expected), "{value}");
    }
    assert_eq!(truth("\"\""), None);
    let kind = |value: &str| one(&format!("{{\"kind\":{value}}}")).owned("kind");
    assert_eq!((kind("\"ONE\""), kind("\"\""), kind("1")), (Some("ONE".to_owned()), None, None));
    assert_eq!(one(r#"{"beans":{"name":"a"}}"#).beans("beans").unwrap()[0].text("name"), Some("a"));
    assert!(read(&ANY, b"null").unwrap().is_none());
    assert_eq!(read(&ANY, b"[{},{}]").unwrap().unwrap().len(), 2);
}

#[test]
fn values_that_cannot_be_converted_are_refused_with_their_place() {
    let refusal = |body: &str| {
        let text = read(&ANY, body.as_bytes()).unwrap_err().to_string();
        let text = text.replace("[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); ", "[");
        text.replace("Could not read content from HTTP request body: ", "")
    };
    insta::assert_snapshot!(
        [
            r#"{"truth":"yes"}"#,
            r#"{"truth":[]}"#,
            r#"{"count":{}}"#,
            r#"{"kind":"THREE"}"#,
            r#"{"kind":2}"#,
            r#"{"map":[]}"#,
            r#"{"bean":1.5}"#,
            r#"{"bean":{"name":[]}}"#,
            r#"{"beans":[{"other":1}]}"#,
            r#"{"beans":[1]}"#,
            "[{},7]",
            "7",
            "7.5",
            "false",
            "\"text\"",
        ]
        .map(refusal)
        .join("\n"),
        @r#"
        Cannot deserialize value of type `java.lang.Boolean` from String "yes": only "true" or "false" recognized
         at [line: 1, column: 10] (through reference chain: org.example.Any["truth"])
        Cannot deserialize value of type `java.lang.Boolean` from Array value (token `JsonToken.START_ARRAY`)
         at [line: 1, column: 10] (through reference chain: org.example.Any["truth"])
        Cannot deserialize value of type `long` from Object value (token `JsonToken.START_OBJECT`)
         at [line: 1, column: 10] (through reference chain: org.example.Any["count"])
        Cannot deserialize value of type `org.example.Kind` from String "THREE": not one of the values accepted for Enum class: [ONE, TWO]
         at [line: 1, column: 9] (through reference chain: org.example.Any["kind"])
        Cannot deserialize value of type `org.example.Kind` from Integer value (token `JsonToken.VALUE_NUMBER_INT`)
         at [line: 1, column: 9] (through reference chain: org.example.Any["kind"])
        Cannot deserialize value of type `java.util.LinkedHashMap<java.lang.String,java.lang.Object>` from Array value (token `JsonToken.START_ARRAY`)
         at [line: 1, column: 8] (through reference chain: org.example.Any["map"])
        Cannot deserialize value of type `org.example.Inner` from Floating-point value (token `JsonToken.VALUE_NUMBER_FLOAT`)
         at [line: 1, column: 9] (through reference chain: org.example.Any["bean"])
        Cannot deserialize value of type `java.lang.String` from Array value (token `JsonToken.START_ARRAY`)
         at [line: 1, column: 17] (through reference chain: org.example.Any["bean"]->org.example.Inner["name"])
        Unrecognized field "other" (class org.example.Inner), not marked as ignorable (1 known properties: "name"])
         at [line: 1, column: 21] (through reference chain: org.example.Any["beans"]->java.util.ArrayList[0]->org.example.Inner["other"])
        Cannot deserialize value of type `org.example.Inner` from Integer value (token `JsonToken.VALUE_NUMBER_INT`)
         at [line: 1, column: 11] (through reference chain: org.example.Any["beans"]->java.util.ArrayList[0])
        Cannot deserialize value of type `org.example.Any` from Integer value (token `JsonToken.VALUE_NUMBER_INT`)
         at [line: 1, column: 5] (through reference chain: java.util.ArrayList[1])
        Cannot construct instance of `org.example.Any` (although at least one Creator exists): no int/Int-argument constructor/factory method to deserialize from Integer value (7)
         at [line: 1, column: 1]
        Cannot construct instance of `org.example.Any` (although at least one Creator exists): no double/Double-argument constructor/factory method to deserialize from Floating-point value (7.5)
         at [line: 1, column: 1]
        Cannot construct instance of `org.example.Any` (although at least one Creator exists): no boolean/Boolean-argument constructor/factory method to deserialize from Boolean value (false)
         at [line: 1, column: 1]
        Cannot construct instance of `org.example.Any` (although at least one Creator exists): no String-argument constructor/factory method to deserialize from String value ('text')
         at [line: 1, column: 1]
        "#
    );
}

#[test]
fn the_first_thing_wrong_is_reported_with_its_place() {
    check("", "No content to map due to end-of-input\n at [line: 1, column: 0]");
    check(
        r#"{"ids":["a"],"foo":1}"#,
        "Unrecognized field \"foo\" (class org.example.Bean), not marked as ignorable (3 known properties: \"name\", \
         \"ids\", \"count\"])\n at [line: 1, column: 21] (through reference chain: org.example.Bean[\"foo\"])",
    );
    check(
        "not",
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [line: 1, column: 4]",
    );
    check(
        "{\n x",
        "Unexpected character ('x' (code 120)): was expecting double-quote to start field name\n at [line: 2, column: 2]",
    );
    check(
        "{\"name\":\"a\"",
        "Unexpected end-of-input: expected close marker for Object (start marker at [line: 1, column: 1])\n at [line: 1, column: 12]",
    );
    check(
        " []",
        "Cannot deserialize value of type `org.example.Bean` from Array value (token `JsonToken.START_ARRAY`)\n at [line: 1, column: 2]",
    );
    check(
        r#"{"count":"x"}"#,
        "Cannot deserialize value of type `long` from String \"x\": not a valid `long` value\n at [line: 1, column: 10] (through reference chain: org.example.Bean[\"count\"])",
    );
}

#[test]
fn an_array_is_taken_for_several_entities_by_its_place() {
    check("[", "Only 1 entity is supported in the HTTP request body");
    check("{\"ids\":  [[]]}", "Only 1 entity is supported in the HTTP request body");
}

#[test]
fn hostile_bodies_are_refused() {
    for body in [
        "{\"",
        "{\"a\\",
        "\"\\u",
        "{\"name\":\"\\ud800\"}",
        "-",
        "{\"name\":-}",
        "\u{1}",
        "{\"name\":\"\u{1}\"}",
        "{]",
        "{\"ids\":[}",
    ] {
        assert!(read(&BEAN, body.as_bytes()).is_err(), "{body}");
    }
    assert!(read(&BEAN, &[b'{', b'"', 0xFF, b'"']).is_err());
    assert!(read(&BEAN, "[".repeat(1_000_000).as_bytes()).is_err());
}

#[test]
fn what_nests_too_deep_is_refused_where_it_does() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{{\"map\":{{\"a\":{}1{}}}}}", open.repeat(depth - 2), close.repeat(depth - 2))
    };
    let ignored = |depth: usize| format!("{{\"rest\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(read(&ANY, ignored(DEEPEST).as_bytes()).is_ok() && read(&ANY, ignored(DEEPEST + 1).as_bytes()).is_err());
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        assert!(read(&ANY, nested(open, close, DEEPEST).as_bytes()).is_ok(), "{open}");
        let refused = read(&ANY, nested(open, close, DEEPEST + 1).as_bytes());
        assert!(refused.is_err(), "{open}");
        let refusal = refused.unwrap_err().to_string();
        let expected = format!("Document nesting depth ({}) exceeds the maximum allowed ({DEEPEST}, ", DEEPEST + 1);
        assert!(refusal.contains(&expected), "{open}: {refusal}");
    }
}
