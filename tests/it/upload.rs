//! `POST /nodes/{id}/children` with a form (wire reference, nodes, section 7), and what becomes of the bytes.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, BASE, BOB, Response, TestMock, archive, mask,
    seeding::{
        Part::{self, Field, File},
        assert_denied, assert_not_found, assert_refused, entry_of, form, id_of,
    },
};

/// The one file of a form.
const DATA: Part<'static> = File("filedata", "a.txt", b"dummy content");

/// A version's label and type.
type Version = (&'static str, &'static str);

fn names_of(response: &Response) -> String {
    entry_of(response, 201)["name"].as_str().unwrap().to_owned()
}

#[test]
fn a_versioned_file_answers_with_these_bytes() {
    let mock = TestMock::start();
    let response = mock.upload_form(ALICE, "-my-", &[File("filedata", "quick.pdf", b"%PDF-1.4")]);
    let entry = entry_of(&response, 201);
    let user = entry["createdByUser"].to_string();
    assert_eq!(
        mask(response.text()),
        format!(
            r#"{{"entry":{{"isFile":true,"createdByUser":{user},"modifiedAt":"<date>","nodeType":"cm:content","content":{{"mimeType":"application/pdf","mimeTypeName":"Adobe PDF Document","sizeInBytes":8,"encoding":"UTF-8"}},"parentId":{parent},"aspectNames":["cm:versionable","cm:auditable"],"createdAt":"<date>","isFolder":false,"modifiedByUser":{user},"name":"quick.pdf","id":{id},"properties":{{"cm:versionLabel":"1.0","cm:versionType":"MAJOR"}}}}}}"#,
            parent = entry["parentId"],
            id = entry["id"],
        )
    );
    assert_eq!(mock.content(ALICE, &id_of(&entry)), b"%PDF-1.4");
}

#[test]
fn refusals_come_in_this_order() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let file = mock.upload(ADMIN, &parent, "a.txt", b"x");
    let path = format!("{BASE}/nodes/{parent}/children");
    let unbounded = mock.request("POST", &path, ADMIN, &[("Content-Type", "multipart/form-data")], Some(b"x"));
    assert_refused("1", &unbounded, 415, "the request was rejected because no multipart boundary was found");
    let both = [Field("autoRename", "true"), Field("overwrite", "TRUE")];
    let mistakes = [Field("relativePath", "a.txt"), Field("aspectNames", "cm:nothing"), Field("cm:nothing", "1")];
    let with = |parts: &[Part<'static>]| [parts, &both, &mistakes].concat();
    assert_not_found("2", &mock.upload_form(ADMIN, "none", &with(&[DATA])), "none");
    assert_refused(
        "3",
        &mock.upload_form(ADMIN, &file, &with(&[DATA])),
        400,
        &format!("NodeId of folder is expected: {file}"),
    );
    assert_not_found("2, without a file", &mock.upload_form(ADMIN, "none", &both), "none");
    let kind = [Field("nodeType", "cm:folder")];
    let expected = format!("NodeId of folder is expected: {file}");
    assert_refused("3, without a file", &mock.upload_form(ADMIN, &file, &kind), 400, &expected);
    let missing = "Required parameters are missing";
    for parts in
        [vec![], vec![Field("filedata", "text")], vec![File("filedata", "", b"x")], vec![File("other", "a", b"x")]]
    {
        assert_refused("4", &mock.upload_form(ADMIN, &parent, &with(&parts)), 400, missing);
    }
    let exclusive = "Both 'overwrite' and 'autoRename' should not be true when uploading a file";
    assert_refused("5", &mock.upload_form(ADMIN, &parent, &with(&[DATA])), 400, exclusive);
    let in_file = "Name [a.txt] already exists in the target parent: parent";
    assert_refused("6", &mock.upload_form(ADMIN, &parent, &[&[DATA][..], &mistakes].concat()), 409, in_file);
    let aspect = mock.upload_form(ADMIN, &parent, &[&[DATA][..], &mistakes[1..]].concat());
    assert_refused("7, aspects", &aspect, 400, "Unknown aspect: cm:nothing");
    let property = mock.upload_form(ADMIN, &parent, &[DATA, mistakes[2]]);
    assert_refused("7, properties", &property, 400, "Unknown property: cm:nothing");
    assert_refused("8", &mock.upload_form(ADMIN, &parent, &[DATA]), 409, "a.txt already exists.");
    assert_refused("8, as somebody", &mock.upload_form(BOB, &parent, &[DATA]), 409, "a.txt already exists.");
    let new = File("filedata", "b?.txt", b"x");
    assert_denied("11", &mock.upload_form(BOB, &parent, &[new]));
    assert_eq!(mock.upload_form(ADMIN, &parent, &[new]).status, 422, "12");
    let headers = [("Content-Type", "multipart/form-data; boundary=x"), ("Content-Length", "5368709121")];
    let too_large = mock.request("POST", &path, ADMIN, &headers, None);
    assert_eq!(too_large.status, 413, "13");
    let wrong_type = mock.upload_form(ADMIN, &parent, &[DATA, Field("nodeType", "cm:folder")]);
    let text = "Can only upload type of cm:content: {http://www.alfresco.org/model/content/1.0}folder";
    assert_refused("nodeType", &wrong_type, 400, text);
    // What JavaScript makes of a variable that nobody has set is a name like any other.
    let undefined = mock.upload_form(ADMIN, &parent, &[DATA, Field("nodeType", "undefined")]);
    assert_refused(
        "undefined",
        &undefined,
        400,
        "undefined isn't a valid QName. Namespace prefix  is not mapped to a namespace URI",
    );
    for nothing in ["", "null"] {
        let refused = mock.upload_form(ADMIN, &parent, &[DATA, Field("nodeType", nothing)]);
        assert_eq!(refused.status, 400, "{nothing:?}: {}", refused.text());
    }
    let rendition =
        mock.upload_form(ADMIN, &parent, &[Field("name", "c.txt"), DATA, Field("renditions", "doclib,nope")]);
    assert_refused("renditions", &rendition, 404, "nope is not registered.");
    assert_eq!(mock.names(ADMIN, &parent, ""), ["a.txt"], "nothing was made");
}

#[test]
fn fields_are_matched_without_case_and_mean_what_they_say() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let parts = [
        Field("RelativePath", "sub/deeper"),
        Field("aspectnames", " cm:author , cm:summarizable "),
        Field("CM:ignored", ""),
        Field("cm:title", "A title"),
        Field("cm:taggable", "1"),
        Field("cm:taggable", "2"),
        Field("undefined", "undefined"),
        Field("renditions", "doclib"),
        DATA,
        Field("NAME", "named.txt"),
    ];
    let refused = mock.upload_form(ADMIN, &parent, &parts);
    assert_eq!(refused.status, 400, "a prefix has a case: {}", refused.text());
    let known: Vec<_> = parts.iter().copied().filter(|part| !matches!(part, Field("CM:ignored", _))).collect();
    let entry = entry_of(&mock.upload_form(ADMIN, &parent, &known), 201);
    assert_eq!(entry["name"], json!("named.txt"));
    assert_eq!(entry["properties"]["cm:title"], json!("A title"));
    assert_eq!(entry["properties"]["cm:taggable"], json!(["1", "2"]));
    let aspects = entry["aspectNames"].as_array().unwrap();
    for aspect in ["cm:author", "cm:summarizable", "cm:titled", "cm:taggable", "cm:versionable", "cm:auditable"] {
        assert!(aspects.contains(&json!(aspect)), "{aspect} in {aspects:?}");
    }
    assert_eq!(mock.names(ADMIN, &parent, "?relativePath=sub/deeper"), ["named.txt"]);
    let query = format!("{parent}/children?autoRename=true&include=path");
    let body = form(&[File("filedata", "named.txt", b"x"), Field("relativePath", "sub/deeper")]);
    let headers = [("Content-Type", "multipart/form-data; boundary=----boundary")];
    let in_query = mock.request("POST", &format!("{BASE}/nodes/{query}"), ADMIN, &headers, Some(&body));
    assert_refused("the query has no autoRename", &in_query, 409, "named.txt already exists.");
}

#[test]
fn values_that_stand_for_nothing() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    for nothing in ["", "null", "NULL"] {
        let fields = ["name", "comment", "relativePath", "renditions", "aspectNames", "versioningEnabled"];
        let parts: Vec<_> =
            fields.iter().map(|name| Field(name, nothing)).chain([DATA, Field("autoRename", "true")]).collect();
        assert!(names_of(&mock.upload_form(ADMIN, &parent, &parts)).starts_with('a'), "{nothing}");
    }
}

#[test]
fn taken_names_are_numbered_or_overwritten() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let upload = |parts: &[Part<'_>]| mock.upload_form(ADMIN, &parent, &[&[DATA][..], parts].concat());
    let first = entry_of(&upload(&[]), 201);
    assert_eq!(names_of(&upload(&[Field("autoRename", "True")])), "a-1.txt");
    let versions = [
        (Field("x", ""), "1.1", "MINOR"),
        (Field("majorVersion", "true"), "2.0", "MAJOR"),
        (Field("majorVersion", "x"), "2.1", "MINOR"),
    ];
    for (field, label, kind) in versions {
        let again = entry_of(&upload(&[Field("overwrite", "true"), field]), 201);
        assert_eq!(again["id"], first["id"], "the same file");
        assert_eq!(again["properties"], json!({ "cm:versionLabel": label, "cm:versionType": kind }));
    }
    let plain = [File("filedata", "plain.txt", b"1"), Field("versioningEnabled", "False")];
    assert_eq!(entry_of(&mock.upload_form(ADMIN, &parent, &plain), 201)["properties"], Value::Null);
    let again = mock.upload_form(ADMIN, &parent, &[plain[0], Field("overwrite", "true")]);
    assert_refused("not versioned", &again, 409, "plain.txt already exists.");
}

#[test]
fn versions_begin_as_the_form_says() {
    let mock = TestMock::start();
    let rows: [(&[Part<'_>], Option<Version>); 7] = [
        (&[], Some(("1.0", "MAJOR"))),
        (&[Field("majorVersion", "false")], Some(("0.1", "MINOR"))),
        (&[Field("majorVersion", "true")], Some(("1.0", "MAJOR"))),
        (&[Field("versioningEnabled", "FALSE")], None),
        (&[Field("versioningEnabled", "no")], Some(("1.0", "MAJOR"))),
        (&[Field("versioningEnabled", "false"), Field("majorVersion", "true")], None),
        (&[Field("versioningEnabled", "false"), Field("comment", "c")], Some(("1.0", "MAJOR"))),
    ];
    for (parts, version) in rows {
        let entry = entry_of(
            &mock.upload_form(ADMIN, "-my-", &[&[DATA, Field("autoRename", "true")][..], parts].concat()),
            201,
        );
        let expected =
            version.map_or(Value::Null, |(label, kind)| json!({ "cm:versionLabel": label, "cm:versionType": kind }));
        assert_eq!(entry["properties"], expected, "{parts:?}");
    }
}

#[test]
fn the_name_or_the_bytes_tell_what_it_is() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let rows: [(&str, &[u8], &str, &str); 12] = [
        ("a.txt", b"plain", "text/plain", "ISO-8859-1"),
        ("u.txt", "déjà 文档".as_bytes(), "text/plain", "UTF-8"),
        ("a.html", b"<p>", "text/html", "ISO-8859-1"),
        ("a.csv", b"1,2", "text/csv", "ISO-8859-1"),
        ("a.md", b"# a", "text/x-markdown", "ISO-8859-1"),
        ("a.json", b"{}", "application/json", "ISO-8859-1"),
        ("a.pdf", b"no pdf", "application/pdf", "UTF-8"),
        ("a.docx", b"x", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "UTF-8"),
        ("pdf", b"%PDF-1.7", "application/pdf", "UTF-8"),
        ("json", b"{\"a\":1}", "text/plain", "UTF-8"),
        ("unknown.xyz", &[0, 1, 2], "application/octet-stream", "UTF-8"),
        ("a.bin", &[0], "application/octet-stream", "UTF-8"),
    ];
    for (name, bytes, mimetype, encoding) in rows {
        let id = mock.upload(ADMIN, &parent, name, bytes);
        let content = &mock.node_entry(ADMIN, &id, "")["content"];
        assert_eq!((&content["mimeType"], &content["encoding"]), (&json!(mimetype), &json!(encoding)), "{name}");
        assert_eq!(content["sizeInBytes"], json!(bytes.len()));
    }
    let id = mock.upload(ADMIN, &parent, "later.txt", b"text");
    entry_of(&mock.json("PUT", &format!("/nodes/{id}"), ADMIN, &json!({ "name": "later.pdf" })), 200);
    assert_eq!(mock.node_entry(ADMIN, &id, "")["content"]["mimeType"], json!("text/plain"), "renaming changes nothing");
    entry_of(&mock.put_content(ADMIN, &id, "", b"text"), 200);
    assert_eq!(mock.node_entry(ADMIN, &id, "")["content"]["mimeType"], json!("application/pdf"), "new bytes do");
}

#[test]
fn a_client_that_breaks_off_leaves_nothing() {
    let mock = TestMock::with(|config| config.upload_memory = 1000);
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let body = form(&[File("filedata", "big.bin", &vec![7; 3 << 20])]);
    let path = format!("{BASE}/nodes/{parent}/children");
    let idle = mock.tasks();
    for cut in [10, 200, 5000, 2 << 20] {
        let mut stream = std::net::TcpStream::connect(mock.address()).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\nContent-Type: multipart/form-data; \
             boundary=----boundary\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(&body[..cut]).unwrap();
        drop(stream);
    }
    while mock.tasks() > idle {
        std::thread::yield_now();
    }
    assert_eq!(mock.list(ADMIN, &parent, "")["pagination"]["totalItems"], json!(0));
}

#[test]
fn content_never_changes_under_an_archive_or_a_reader() {
    let mock = TestMock::with(|config| config.upload_memory = 1000);
    // More than the sockets between the two can hold.
    let old = vec![b'o'; 24 << 20];
    let id = mock.upload(ADMIN, "-my-", "large.bin", &old);
    let download = mock.finished_download(ADMIN, &[&id]);
    let mut reader = mock.connect();
    let request =
        format!("GET {BASE}/nodes/{id}/content HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n");
    reader.send(request.as_bytes());
    reader.wait_for_answer();
    entry_of(&mock.put_content(ADMIN, &id, "", b"new"), 200);
    assert_eq!(mock.content(ADMIN, &id), b"new");
    assert!(reader.receive("GET").body == old, "the reader of the old content finishes undisturbed");
    let entries = archive::parse(&mock.content(ADMIN, &download));
    assert!(entries[0].content == old, "the archive has the old content");
}
