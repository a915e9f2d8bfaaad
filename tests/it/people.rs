//! People (wire reference, nodes, section 17).

use std::{sync::Barrier, thread};

use serde_json::{Value, json};

use crate::support::{ADMIN, ALICE, Auth, BASE, BOB, Response, Summary, TestMock, json_head};

const NEW: Auth<'static> = Auth::Basic("carol", "secret");

fn carol() -> Value {
    json!({"id": "carol", "firstName": "Carol", "lastName": "Jones", "email": "carol@example.org", "password": "secret"})
}

fn get(mock: &TestMock, path: &str, auth: Auth<'_>) -> Response {
    mock.get(&format!("{BASE}/{path}"), auth)
}

fn put(mock: &TestMock, id: &str, auth: Auth<'_>, body: &Value) -> Response {
    mock.put_json(&format!("{BASE}/people/{id}"), auth, body)
}

#[test]
fn the_administrator_reads_as_the_real_one() {
    let mock = TestMock::start();
    let expected = r#"{"entry":{"firstName":"Administrator","capabilities":{"isGuest":false,"isAdmin":true,"isMutable":true},"displayName":"Administrator","emailNotificationsEnabled":true,"company":{},"id":"admin","enabled":true,"email":"admin@alfresco.com"}}"#;
    for id in ["-me-", "-ME-", "admin", "Admin"] {
        get(&mock, &format!("people/{id}"), ADMIN).expect(id, &json_head(200), expected);
    }
    let fields = get(&mock, "people/-me-?fields=id,email", ADMIN);
    assert_eq!(fields.text(), r#"{"entry":{"id":"admin","email":"admin@alfresco.com"}}"#);
}

#[test]
fn any_user_may_read_about_anybody() {
    let mock = TestMock::start();
    let seen = mock.entry("people/alice", BOB);
    assert_eq!(seen["capabilities"], json!({"isGuest": false, "isAdmin": false, "isMutable": false}));
    assert_eq!((&seen["firstName"], &seen["lastName"]), (&json!("Alice"), &json!("Smith")));
    assert_eq!(mock.entry("people/alice", ALICE)["capabilities"]["isMutable"], json!(true));
    assert_eq!(mock.entry("people/alice", ADMIN)["capabilities"]["isMutable"], json!(true));
    assert_eq!(mock.entry("people/guest", BOB)["capabilities"]["isGuest"], json!(true));
    get(&mock, "people/nobody", ALICE).not_found("unknown", "nobody");
    put(&mock, "nobody", ADMIN, &json!({})).not_found("unknown", "nobody");
    assert_eq!(get(&mock, "people/-me-", Auth::None).status, 401);
}

#[test]
fn people_are_listed_sorted_and_paged() {
    let mock = TestMock::start();
    let ids = |query: &str| mock.listed(&format!("people{query}"), ALICE, "id");
    assert_eq!(ids(""), ["admin", "alice", "bob", "guest"]);
    assert_eq!(ids("?orderBy=id%20DESC"), ["guest", "bob", "alice", "admin"]);
    assert_eq!(ids("?orderBy=firstName"), ["admin", "alice", "bob", "guest"]);
    assert_eq!(ids("?orderBy=lastName%20DESC,id%20DESC"), ["alice", "bob", "guest", "admin"]);
    assert_eq!(ids("?skipCount=1&maxItems=2"), ["alice", "bob"]);
    let page = get(&mock, "people?skipCount=1&maxItems=2", ALICE).json()["list"]["pagination"].clone();
    let expected = json!({"count": 2, "hasMoreItems": true, "totalItems": 4, "skipCount": 1, "maxItems": 2});
    assert_eq!(page, expected);
    get(&mock, "people?orderBy=email", ALICE).refused("a field of another kind", 400, "Invalid sort field: email");
    let first = |query: &str| get(&mock, query, ALICE).json()["list"]["entries"][0]["entry"].clone();
    assert_eq!(first("people").get("capabilities"), None);
    assert_eq!(first("people?include=capabilities")["capabilities"]["isAdmin"], json!(true));
}

#[test]
fn a_person_is_created_by_an_administrator() {
    let mock = TestMock::start();
    let created = mock.post("people", ADMIN, &carol());
    let expected = r#"{"entry":{"firstName":"Carol","lastName":"Jones","capabilities":{"isGuest":false,"isAdmin":false,"isMutable":true},"displayName":"Carol Jones","emailNotificationsEnabled":true,"company":{},"id":"carol","enabled":true,"email":"carol@example.org"}}"#;
    created.expect("POST", &json_head(201), expected);
    assert_eq!(get(&mock, "people/-me-", NEW).text(), expected);
    let home = mock.entry("nodes/-my-?include=path,permissions", NEW);
    assert_eq!((&home["name"], &home["createdByUser"]["id"]), (&json!("carol"), &json!("carol")));
    assert_eq!(home["path"]["name"], json!("/Company Home/User Homes"));
    assert_eq!(home["permissions"]["isInheritanceEnabled"], json!(false));
    let file = mock.file(NEW, "-my-", "mine.txt", "1");
    get(&mock, &format!("nodes/{file}"), BOB).denied("somebody else's home");
    assert_eq!(mock.listed("nodes/-my-/children", NEW, "id"), [file]);
    mock.log_in("carol", "secret");
    assert_eq!(mock.listed("people", NEW, "id"), ["admin", "alice", "bob", "carol", "guest"]);
    assert_eq!(mock.listed("nodes/-root-/children?relativePath=User%20Homes", NEW, "name"), ["carol"]);
}

#[test]
fn a_home_folder_gets_a_name_that_is_valid_and_free() {
    let mock = TestMock::start();
    let homes = mock.entry("nodes/-root-?relativePath=User%20Homes", ADMIN)["id"].as_str().unwrap().to_owned();
    mock.folder(ADMIN, &homes, "carol");
    mock.made("people", ADMIN, &carol());
    assert_eq!(mock.entry("nodes/-my-", NEW)["name"], json!("carol-1"));
    mock.person("a*b?c.");
    assert_eq!(mock.entry("nodes/-my-", Auth::Basic("a*b?c.", "a*b?c."))["name"], json!("a_b_c"));
}

#[test]
fn every_member_of_a_person_is_kept() {
    let mock = TestMock::start();
    let mut body = carol();
    let details = json!({
        "jobTitle": "Clerk", "location": "Bern", "telephone": "1", "mobile": "2", "skypeId": "s",
        "instantMessageId": "i", "userStatus": "away", "googleId": "g", "description": "Works here",
        "emailNotificationsEnabled": false,
        "company": {"email": "c@example.org", "organization": "Acme", "address1": "a1", "address2": "a2", "address3": "a3",
            "postcode": "p", "telephone": "3", "fax": "4"},
        "properties": {"exif:pixelXDimension": 7}, "aspectNames": ["exif:exif"],
    });
    body.as_object_mut().unwrap().extend(details.as_object().unwrap().clone());
    let created = mock.post("people", ADMIN, &body);
    let expected = r#"{"entry":{"googleId":"g","lastName":"Jones","userStatus":"away","capabilities":{"isGuest":false,"isAdmin":false,"isMutable":true},"displayName":"Carol Jones","jobTitle":"Clerk","mobile":"2","emailNotificationsEnabled":false,"description":"Works here","telephone":"1","enabled":true,"aspectNames":["exif:exif"],"firstName":"Carol","skypeId":"s","instantMessageId":"i","location":"Bern","company":{"organization":"Acme","address1":"a1","address2":"a2","address3":"a3","postcode":"p","telephone":"3","fax":"4","email":"c@example.org"},"id":"carol","email":"carol@example.org","properties":{"exif:pixelXDimension":7}}}"#;
    created.expect("POST", &json_head(201), expected);
    assert_eq!(get(&mock, "people/carol", BOB).json()["entry"]["company"]["organization"], json!("Acme"));

    let changed = put(&mock, "carol", NEW, &json!({"company": {"fax": null, "postcode": "q"}, "jobTitle": null}));
    let changed = changed.json()["entry"].clone();
    assert_eq!((changed["company"].get("fax"), &changed["company"]["postcode"]), (None, &json!("q")));
    assert_eq!((&changed["company"]["email"], changed.get("jobTitle")), (&json!("c@example.org"), None));
    for nothing in [json!({}), json!(null)] {
        put(&mock, "carol", NEW, &json!({"company": {"fax": "5"}}));
        assert_eq!(put(&mock, "carol", NEW, &json!({ "company": nothing })).json()["entry"]["company"], json!({}));
    }
    let undescribed = put(&mock, "carol", NEW, &json!({"description": "", "lastName": ""})).json()["entry"].clone();
    assert_eq!((undescribed.get("description"), undescribed.get("lastName")), (None, None));
    assert_eq!(undescribed["displayName"], json!("Carol"));
}

#[test]
fn a_person_can_be_refused() {
    let mock = TestMock::start();
    let with = |name: &str, value: Value| {
        let mut body = carol();
        body[name] = value;
        mock.post("people", ADMIN, &body)
    };
    for name in ["id", "firstName", "email", "password"] {
        let text = format!("Field '{name}' is null, but is required.");
        let mut body = carol();
        body.as_object_mut().unwrap().remove(name);
        mock.post("people", ADMIN, &body).refused("left out", 400, &text);
        mock.post("people", ALICE, &body).refused("the body is looked at first", 400, &text);
        for empty in [json!(null), json!("")] {
            with(name, empty).refused(name, 400, &text);
        }
    }
    for name in ["avatarId", "statusUpdatedAt", "quota", "quotaUsed"] {
        let text = format!("Unsupported field: {name}");
        with(name, json!("1")).refused(name, 400, &text);
        put(&mock, "alice", ALICE, &json!({ name: "1" })).refused(name, 400, &text);
    }
    let long = "Username exceeds max length of 100 characters.";
    with("id", json!("x".repeat(101))).refused("101 characters", 400, long);
    assert_eq!(with("id", json!("x".repeat(100))).status, 201);
    for prefix in ["GROUP_", "ROLE_"] {
        let text = format!("Username cannot start with the reserved prefix '{prefix}'.");
        let id = json!(format!("{}x", prefix.to_lowercase()));
        with("id", id).refused_below(prefix, 400, Summary::Plain(&text));
    }
    for illegal in ["/", "\\", "\n", "\r", "\""] {
        let text = format!("Person name contains characters that are not permitted: {illegal}");
        with("id", json!(format!("a{illegal}b"))).refused_below(illegal, 400, Summary::Plain(&text));
    }
    let reserved = "NameSpace cannot be used by API: cm:title";
    with("properties", json!({"cm:title": "t"})).refused("a property of everybody's", 400, reserved);
    with("aspectNames", json!(["exif:nosuch"])).refused("an aspect", 400, "Unknown aspect: exif:nosuch");
    mock.post("people", ALICE, &carol()).denied("a normal user");
    let one = "Only 1 entity is supported in the HTTP request body";
    mock.post("people", ADMIN, &json!([carol()])).refused("an array", 405, one);
    assert_eq!(with("nosuch", json!(1)).status, 400);
    assert_eq!(mock.post("people", Auth::None, &carol()).status, 401);
    get(&mock, "people/carol", ADMIN).not_found("none of these", "carol");
    mock.made("people", ADMIN, &carol());
    mock.post("people", ADMIN, &carol()).refused("again", 409, "Person 'carol' already exists.");
    with("id", json!("CAROL")).refused("in another case", 409, "Person 'CAROL' already exists.");
}

#[test]
fn of_two_requests_for_one_name_one_succeeds() {
    let mock = TestMock::start();
    let start = Barrier::new(8);
    let statuses = thread::scope(|scope| {
        let ask = || {
            start.wait();
            mock.post("people", ADMIN, &carol()).status
        };
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
}

#[test]
fn people_change_themselves_and_administrators_everybody() {
    let mock = TestMock::start();
    let body = json!({"firstName": "Alicia", "email": "new@example.org", "emailNotificationsEnabled": false});
    for (id, auth) in [("alice", ALICE), ("-me-", ALICE), ("ALICE", ADMIN)] {
        let response = put(&mock, id, auth, &body);
        assert_eq!(response.head(), json_head(200), "{id}");
        let entry = response.json()["entry"].clone();
        assert_eq!((&entry["id"], &entry["displayName"]), (&json!("alice"), &json!("Alicia Smith")), "{id}");
        assert_eq!((&entry["email"], &entry["emailNotificationsEnabled"]), (&body["email"], &json!(false)));
    }
    let file = mock.file(ALICE, "-my-", "file.txt", "1");
    let creator = mock.entry(&format!("nodes/{file}"), ALICE)["createdByUser"].clone();
    assert_eq!(creator, json!({"id": "alice", "displayName": "Alicia Smith"}), "nodes show the new name");
    put(&mock, "alice", BOB, &body).denied("somebody else");
    put(&mock, "alice", ALICE, &json!({"id": "alice"})).refused("the id", 400, "Unsupported field: id");
    for name in ["firstName", "email"] {
        let text = format!("Field '{name}' is null, but is required.");
        put(&mock, "alice", ALICE, &json!({ name: null })).refused(name, 400, &text);
    }
    for name in ["enabled", "emailNotificationsEnabled"] {
        let text = format!("'{name}' field cannot be empty.");
        put(&mock, "alice", ALICE, &json!({ name: null })).refused_below(name, 400, Summary::Plain(&text));
    }
    assert_eq!(put(&mock, "alice", ALICE, &json!({})).status, 200);
}

#[test]
fn a_new_password_is_needed_from_the_next_login_on() {
    let mock = TestMock::start();
    let refused = |body: Value, text: &str| {
        put(&mock, "alice", ALICE, &body).refused_below(text, 400, Summary::Plain(text));
    };
    refused(json!({"password": "new"}), "To change password, both 'oldPassword' and 'password' fields are required.");
    refused(json!({"oldPassword": "", "password": "new"}), "'oldPassword' field cannot be empty.");
    refused(json!({"oldPassword": "alice"}), "password' field cannot be empty.");
    refused(json!({"oldPassword": "alice", "password": ""}), "password' field cannot be empty.");
    let wrong = put(&mock, "alice", ALICE, &json!({"oldPassword": "wrong", "password": "new"}));
    wrong.refused("the old one is wrong", 403, "Incorrect password.");
    let ticket = mock.log_in("alice", "alice");

    assert_eq!(put(&mock, "-me-", ALICE, &json!({"oldPassword": "alice", "password": "new"})).status, 200);
    assert_eq!(get(&mock, "people/-me-", ALICE).status, 401);
    assert_eq!(mock.entry("people/-me-", Auth::Basic("alice", "new"))["id"], json!("alice"));
    assert_eq!(mock.entry("people/-me-", Auth::Ticket(&ticket))["id"], json!("alice"), "a ticket stays good");

    assert_eq!(put(&mock, "alice", ADMIN, &json!({"password": "newer"})).status, 200);
    assert_eq!(get(&mock, "people/-me-", Auth::Basic("alice", "new")).status, 401);
    assert_eq!(get(&mock, "people/-me-", Auth::Basic("alice", "newer")).status, 200);
    assert_eq!(put(&mock, "bob", BOB, &json!({"oldPassword": "bob", "password": "x", "enabled": true})).status, 403);
    assert_eq!(get(&mock, "people/-me-", BOB).status, 200, "all of a change or nothing");
}

#[test]
fn who_is_disabled_cannot_come_in() {
    let mock = TestMock::start();
    let ticket = mock.log_in("alice", "alice");
    put(&mock, "alice", ALICE, &json!({"enabled": false})).denied("oneself");
    assert_eq!(put(&mock, "alice", ADMIN, &json!({"enabled": false})).json()["entry"]["enabled"], json!(false));
    for auth in [ALICE, Auth::Ticket(&ticket)] {
        assert_eq!(get(&mock, "people/-me-", auth).status, 401);
    }
    assert_eq!(put(&mock, "alice", ADMIN, &json!({"enabled": true})).json()["entry"]["enabled"], json!(true));
    assert_eq!(get(&mock, "people/-me-", ALICE).status, 200);
    let text = "Admin authority cannot be disabled.";
    put(&mock, "admin", ADMIN, &json!({"enabled": false})).refused("an administrator", 403, text);
    let mut body = carol();
    body["enabled"] = json!(false);
    assert_eq!(mock.made("people", ADMIN, &body)["enabled"], json!(false));
    assert_eq!(get(&mock, "people/-me-", NEW).status, 401);
}
