//! Secondary children and parents (wire reference, nodes, section 14).

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, BASE, BOB, Response, Summary, TestMock, archive, error_body, json_head, mask,
    seeding::{assert_denied, assert_not_found, assert_refused, entry_of, id_of},
};

/// Two folders, and a file in the first.
struct Links {
    mock: TestMock,
    one: String,
    other: String,
    file: String,
}

/// The body that links a child as folders do.
fn contains(child: &str) -> Value {
    json!({ "childId": child, "assocType": "cm:contains" })
}

impl Links {
    fn start() -> Self {
        let mock = TestMock::start();
        let (one, other) = (mock.folder(ADMIN, "-my-", "one"), mock.folder(ADMIN, "-my-", "other"));
        let file = mock.upload(ADMIN, &one, "a.txt", b"text");
        Self { mock, one, other, file }
    }

    fn link(&self, parent: &str, body: &Value) -> Response {
        self.mock.json("POST", &format!("/nodes/{parent}/secondary-children"), ADMIN, body)
    }

    fn unlink(&self, parent: &str, child: &str, query: &str) -> Response {
        self.mock.delete(&format!("{BASE}/nodes/{parent}/secondary-children/{child}{query}"), ADMIN)
    }

    fn list(&self, id: &str, relation: &str) -> Vec<Value> {
        let response = self.mock.get(&format!("{BASE}/nodes/{id}/{relation}"), ADMIN);
        assert_eq!((response.status, response.head()), (200, json_head(200)), "{}", response.text());
        response.json()["list"]["entries"].as_array().unwrap().iter().map(|item| item["entry"].clone()).collect()
    }
}

#[test]
fn a_child_is_linked_listed_zipped_and_unlinked() {
    let links = Links::start();
    let linked = links.link(&links.other, &contains(&links.file));
    assert_eq!(
        (linked.status, linked.text().to_owned()),
        (201, format!(r#"{{"entry":{{"assocType":"cm:contains","childId":"{}"}}}}"#, links.file))
    );
    let children = links.list(&links.other, "secondary-children");
    assert_eq!(children.len(), 1);
    assert_eq!(children[0]["association"], json!({ "isPrimary": false, "assocType": "cm:contains" }));
    assert_eq!((&children[0]["parentId"], &children[0]["aspectNames"]), (&json!(links.one), &Value::Null));
    let parents = links.list(&links.file, "parents");
    let shown: Vec<_> = parents.iter().map(|entry| (&entry["id"], &entry["association"]["isPrimary"])).collect();
    assert_eq!(shown, [(&json!(links.one), &json!(true)), (&json!(links.other), &json!(false))]);
    let only = |filter: &str| links.list(&links.file, &format!("parents?where={filter}")).len();
    assert_eq!(
        (only("(isPrimary=true)"), only("(assocType='cm:contains')"), only("(assocType='cm:preferenceImage')")),
        (1, 2, 0)
    );

    let download = links.mock.finished_download(ADMIN, &[&links.other]);
    assert_eq!(archive::names(&links.mock.content(ADMIN, &download)), ["other/", "other/a.txt"]);

    assert_eq!(links.unlink(&links.other, &links.file, "?assocType=cm:contains").status, 204);
    assert_eq!(links.list(&links.other, "secondary-children").len(), 0);
    assert_eq!(links.mock.content(ADMIN, &links.file), b"text", "the child stays");
}

#[test]
fn several_are_linked_at_once_in_their_order() {
    let links = Links::start();
    let second = links.mock.upload(ADMIN, &links.one, "0.txt", b"x");
    let body = json!([contains(&links.file), contains(&second)]);
    let linked = links.link(&links.other, &body);
    assert_eq!(
        linked.json()["list"]["pagination"].to_string(),
        r#"{"count":2,"hasMoreItems":false,"totalItems":2,"skipCount":0,"maxItems":2}"#
    );
    let listed: Vec<_> = links.list(&links.other, "secondary-children").iter().map(id_of).collect();
    assert_eq!(listed, [links.file.clone(), second.clone()]);
    let paged =
        links.mock.get(&format!("{BASE}/nodes/{}/secondary-children?skipCount=1&maxItems=1", links.other), ADMIN);
    assert_eq!(
        paged.json()["list"]["pagination"].to_string(),
        r#"{"count":1,"hasMoreItems":false,"totalItems":2,"skipCount":1,"maxItems":1}"#
    );
    let third = links.mock.upload(ADMIN, &links.one, "3.txt", b"x");
    let refused = links.link(&links.other, &json!([contains(&third), contains("none")]));
    assert_not_found("all or none", &refused, "none");
    assert_eq!(links.list(&links.other, "secondary-children").len(), 2);
}

#[test]
fn links_that_cannot_be_made() {
    let links = Links::start();
    let (one, other, file) = (&links.one, &links.other, &links.file);
    let refused = |body: Value| links.link(other, &body);
    let rows = [
        (json!({ "assocType": "cm:contains" }), "Missing childId"),
        (json!({ "childId": file }), "Missing assocType"),
        (json!({ "childId": file, "assocType": "cm:nothing" }), "Unknown assocType: cm:nothing"),
        (
            json!({ "childId": file, "assocType": "x:y" }),
            "x:y isn't a valid QName. Namespace prefix x is not mapped to a namespace URI",
        ),
    ];
    for (body, text) in rows {
        assert_refused(text, &refused(body), 400, text);
    }
    assert_not_found("no child", &refused(contains("none")), "none");
    assert_not_found("no parent", &links.link("none", &contains(file)), "none");
    assert_not_found("an alias", &links.link("-my-", &contains(file)), "-my-");
    assert_eq!(links.link(file, &contains(other)).status, 422, "a file as the parent");
    let same = links.link(one, &contains(file));
    assert_eq!(
        (same.status, mask(same.text())),
        (409, error_body(409, None, Summary::Numbered(""))),
        "the primary link"
    );
    entry_of(&links.link(other, &contains(file)), 201);
    assert_eq!(links.link(other, &contains(file)).status, 409, "there already");
    let double = links.mock.upload(ADMIN, "-my-", "A.txt", b"x");
    assert_refused("same name", &links.link(other, &contains(&double)), 409, "Duplicate child name not allowed: A.txt");
    let image = json!({ "childId": file, "assocType": "cm:preferenceImage" });
    assert_eq!(links.link(other, &image).status, 422, "without cm:preferences");
    let aspects = json!({ "aspectNames": ["cm:preferences"] });
    entry_of(&links.mock.json("PUT", &format!("/nodes/{other}"), ADMIN, &aspects), 200);
    entry_of(&links.link(other, &image), 201);
    assert_eq!(links.mock.names(ADMIN, other, ""), ["a.txt"], "listed once");
    assert_eq!(links.link(one, &contains(one)).status, 400, "into itself");
    let path = format!("/nodes/{other}/secondary-children");
    let hers = links.mock.upload(ALICE, "-shared-", "hers.txt", b"x");
    assert_denied("no right", &links.mock.json("POST", &path, ALICE, &contains(&hers)));
}

#[test]
fn links_that_cannot_be_taken_away() {
    let links = Links::start();
    let (one, other, file) = (&links.one, &links.other, &links.file);
    assert_not_found("none there", &links.unlink(other, file, ""), &format!("{other},null,{file}"));
    let typed = format!("{other},cm:contains,{file}");
    assert_not_found("none of that type", &links.unlink(other, file, "?assocType=cm:contains"), &typed);
    let primary = format!("Cannot use secondary-children to delete primary assoc: {one},cm:contains,{file}");
    assert_refused("primary", &links.unlink(one, file, "?assocType=cm:contains"), 400, &primary);
    assert_not_found("no type named", &links.unlink(one, file, ""), &format!("{one},null,{file}"));
    assert_not_found("unknown", &links.unlink("none", file, ""), "none");
    assert_not_found("alias", &links.unlink("-my-", file, ""), "-my-");
    entry_of(&links.link(other, &contains(file)), 201);
    let path = format!("{BASE}/nodes/{other}/secondary-children/{file}");
    assert_denied("no right", &links.mock.delete(&path, BOB));
    assert_eq!(links.unlink(other, file, "").status, 204, "every type when none is named");
}

#[test]
fn links_go_with_either_end() {
    let links = Links::start();
    entry_of(&links.link(&links.other, &contains(&links.file)), 201);
    assert_eq!(links.mock.delete(&format!("{BASE}/nodes/{}", links.other), ADMIN).status, 204);
    assert_eq!(links.list(&links.file, "parents").len(), 1);
    let third = links.mock.folder(ADMIN, "-my-", "third");
    entry_of(&links.link(&third, &contains(&links.file)), 201);
    assert_eq!(links.mock.delete(&format!("{BASE}/nodes/{}?permanent=true", links.file), ADMIN).status, 204);
    assert_eq!(links.mock.names(ADMIN, &third, "").len(), 0);
    links.mock.upload(ADMIN, &third, "a.txt", b"the name is free");
}

#[test]
fn a_name_is_free_in_every_folder_that_shows_the_node() {
    let links = Links::start();
    let third = links.mock.folder(ADMIN, "-my-", "third");
    entry_of(&links.link(&links.other, &contains(&links.file)), 201);
    links.mock.upload(ADMIN, &links.other, "taken.txt", b"text");

    // A move with a name renames it where it is a secondary child, too.
    let body = json!({ "targetParentId": third, "name": "Taken.txt" });
    let moved = links.mock.json("POST", &format!("/nodes/{}/move", links.file), ADMIN, &body);
    assert_refused("a move", &moved, 409, "Name already exists in target parent: Taken.txt");
    assert_eq!(links.mock.names(ADMIN, &links.other, ""), ["a.txt", "taken.txt"]);
    assert!(links.mock.names(ADMIN, &third, "").is_empty());

    // A restored node comes back to all of them.
    assert_eq!(links.mock.delete(&format!("{BASE}/nodes/{}", links.file), ADMIN).status, 204);
    let usurper = links.mock.upload(ADMIN, &links.other, "A.txt", b"text");
    let path = format!("{BASE}/deleted-nodes/{}/restore", links.file);
    let restore = || links.mock.request("POST", &path, ADMIN, &[], None);
    assert_refused("a restore", &restore(), 409, "Name already exists in target");
    assert_eq!(links.mock.delete(&format!("{BASE}/nodes/{usurper}?permanent=true"), ADMIN).status, 204);
    entry_of(&restore(), 200);
    assert_eq!(links.mock.names(ADMIN, &links.other, ""), ["a.txt", "taken.txt"]);
}

#[test]
fn links_within_a_folder_come_back_with_it() {
    let links = Links::start();
    let outer = links.mock.folder(ADMIN, "-my-", "outer");
    // One lies before what it links to, and the other behind it.
    let [early, file, late] = [
        links.mock.folder(ADMIN, &outer, "early"),
        links.mock.upload(ADMIN, &outer, "b.txt", b"text"),
        links.mock.folder(ADMIN, &outer, "late"),
    ];
    for folder in [&early, &late] {
        entry_of(&links.link(folder, &contains(&file)), 201);
    }
    assert_eq!(links.mock.delete(&format!("{BASE}/nodes/{outer}"), ADMIN).status, 204);
    let path = format!("{BASE}/deleted-nodes/{outer}/restore");
    entry_of(&links.mock.request("POST", &path, ADMIN, &[], None), 200);
    for folder in [&early, &late] {
        assert_eq!(links.mock.names(ADMIN, folder, ""), ["b.txt"]);
    }
    let mut parents: Vec<_> = links.list(&file, "parents").iter().map(id_of).collect();
    parents.sort();
    let mut expected = [outer, early.clone(), late.clone()];
    expected.sort();
    assert_eq!(parents, expected);
    // Both ends know of it: nothing is left where the file is gone.
    assert_eq!(links.mock.delete(&format!("{BASE}/nodes/{file}?permanent=true"), ADMIN).status, 204);
    for folder in [&early, &late] {
        assert!(links.mock.names(ADMIN, folder, "").is_empty());
        links.mock.upload(ADMIN, folder, "b.txt", b"the name is free");
    }
}

#[test]
fn a_name_that_changed_while_a_link_was_in_the_trash_can_is_the_one_that_counts() {
    let links = Links::start();
    entry_of(&links.link(&links.other, &contains(&links.file)), 201);
    let trash = || assert_eq!(links.mock.delete(&format!("{BASE}/nodes/{}", links.other), ADMIN).status, 204);
    let path = format!("{BASE}/deleted-nodes/{}/restore", links.other);
    let restore = || links.mock.request("POST", &path, ADMIN, &[], None);
    let rename = |id: &str, name: &str| {
        entry_of(&links.mock.json("PUT", &format!("/nodes/{id}"), ADMIN, &json!({ "name": name })), 200)
    };
    trash();
    rename(&links.file, "new.txt");
    entry_of(&restore(), 200);
    assert_eq!(links.mock.names(ADMIN, &links.other, ""), ["new.txt"]);
    links.mock.upload(ADMIN, &links.other, "a.txt", b"the old name is free");
    let body = json!({ "name": "new.txt", "nodeType": "cm:folder" });
    assert_eq!(links.mock.create_with(ADMIN, &links.other, "", &body).status, 409, "the new one is not");

    // Nor may it be that of another child by now.
    trash();
    rename(&links.file, "A.txt");
    assert_refused("a clash", &restore(), 409, "Name already exists in target");
    rename(&links.file, "new.txt");
    entry_of(&restore(), 200);
}

#[test]
fn what_is_below_a_restored_folder_finds_its_name_free_wherever_it_is_linked() {
    let links = Links::start();
    entry_of(&links.link(&links.other, &contains(&links.file)), 201);
    assert_eq!(links.mock.delete(&format!("{BASE}/nodes/{}", links.one), ADMIN).status, 204);
    let usurper = links.mock.upload(ADMIN, &links.other, "a.txt", b"text");
    let path = format!("{BASE}/deleted-nodes/{}/restore", links.one);
    let restore = || links.mock.request("POST", &path, ADMIN, &[], None);
    assert_refused("taken", &restore(), 409, "Name already exists in target");
    assert_eq!(links.mock.delete(&format!("{BASE}/nodes/{usurper}?permanent=true"), ADMIN).status, 204);
    entry_of(&restore(), 200);
    assert_eq!(links.mock.names(ADMIN, &links.other, ""), ["a.txt"]);
}
