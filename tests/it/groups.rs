//! Groups, and what they decide (wire reference, nodes, sections 10 and 17).

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, OwnFixtures, Response, Summary, TestMock, archive, json_head, path_id,
};

fn get(mock: &TestMock, path: &str, auth: Auth<'_>) -> Response {
    mock.get(&format!("{BASE}/{path}"), auth)
}

fn delete(mock: &TestMock, path: &str, auth: Auth<'_>) -> Response {
    mock.delete(&format!("{BASE}/{path}"), auth)
}

/// Makes a group, with members of both kinds; its id.
#[track_caller]
fn group(mock: &TestMock, name: &str, members: &[&str]) -> String {
    let id = mock.made("groups", ADMIN, &json!({ "id": name }))["id"].as_str().unwrap().to_owned();
    for member in members {
        add(mock, &id, member);
    }
    id
}

#[track_caller]
fn add(mock: &TestMock, group: &str, member: &str) {
    mock.made(&format!("groups/{group}/members"), ADMIN, &membership(member));
}

fn membership(member: &str) -> Value {
    let member_type = if member.starts_with("GROUP_") { "GROUP" } else { "PERSON" };
    json!({ "id": member, "memberType": member_type })
}

/// The six that every repository has, by their ids.
const BUILT_IN: [&str; 6] = [
    "GROUP_ALFRESCO_ADMINISTRATORS",
    "GROUP_ALFRESCO_MODEL_ADMINISTRATORS",
    "GROUP_ALFRESCO_SEARCH_ADMINISTRATORS",
    "GROUP_ALFRESCO_SYSTEM_ADMINISTRATORS",
    "GROUP_EMAIL_CONTRIBUTORS",
    "GROUP_SITE_ADMINISTRATORS",
];

#[test]
fn groups_are_listed_sorted_and_paged() {
    let mock = TestMock::start();
    let ids = |query: &str| mock.listed(&format!("groups{query}"), ALICE, "id");
    assert_eq!(ids(""), BUILT_IN);
    let outer = group(&mock, "zebras", &[]);
    mock.made("groups", ADMIN, &json!({"id": "inner", "displayName": "Aardvarks", "parentIds": [outer]}));
    assert_eq!(ids("?maxItems=2"), ["GROUP_inner", BUILT_IN[0]], "by name, else by id");
    assert_eq!(ids("?orderBy=id%20DESC&maxItems=2"), ["GROUP_zebras", "GROUP_SITE_ADMINISTRATORS"]);
    assert_eq!(ids("?where=(isRoot=false)"), ["GROUP_inner"]);
    assert_eq!(ids("?where=(isRoot=true)&skipCount=6"), ["GROUP_zebras"]);
    let page = get(&mock, "groups?skipCount=1&maxItems=2", ALICE).json()["list"]["pagination"].clone();
    let expected = json!({"count": 2, "hasMoreItems": true, "totalItems": 8, "skipCount": 1, "maxItems": 2});
    assert_eq!(page, expected);
    get(&mock, "groups?orderBy=zones", ALICE).refused("another field", 400, "Invalid sort field: zones");
    get(&mock, "groups?orderBy=id,displayName", ALICE).refused("two fields", 400, "Multiple sort fields not allowed.");
}

#[test]
fn a_group_reads_as_the_real_ones() {
    let mock = TestMock::start();
    let plain =
        r#"{"entry":{"isRoot":true,"displayName":"ALFRESCO_ADMINISTRATORS","id":"GROUP_ALFRESCO_ADMINISTRATORS"}}"#;
    get(&mock, "groups/GROUP_ALFRESCO_ADMINISTRATORS", ALICE).expect("GET", &json_head(200), plain);
    let everyone = r#"{"entry":{"isRoot":false,"id":"GROUP_EVERYONE"}}"#;
    get(&mock, "groups/GROUP_EVERYONE", ALICE).expect("everybody", &json_head(200), everyone);
    get(&mock, "groups/nosuch", ALICE).not_found("unknown", "nosuch");

    let body = json!({"id": "staff", "displayName": "Staff", "description": "All of us"});
    let created = mock.post("groups?include=parentIds,zones,hasSubgroups,description", ADMIN, &body);
    let expected = r#"{"entry":{"hasSubgroups":false,"isRoot":true,"displayName":"Staff","parentIds":[],"description":"All of us","id":"GROUP_staff","zones":["APP.DEFAULT","AUTH.ALF"]}}"#;
    created.expect("POST", &json_head(201), expected);
    mock.made("groups", ADMIN, &json!({"id": "GROUP_night", "parentIds": ["GROUP_staff"]}));
    let outer = mock.entry("groups/GROUP_staff?include=hasSubgroups", ALICE);
    assert_eq!(outer["hasSubgroups"], json!(true));
    let inner = mock.entry("groups/GROUP_night?include=parentIds", ALICE);
    assert_eq!(
        inner,
        json!({"isRoot": false, "displayName": "night", "parentIds": ["GROUP_staff"], "id": "GROUP_night"})
    );
}

#[test]
fn a_group_can_be_refused() {
    let mock = TestMock::start();
    group(&mock, "staff", &[]);
    let post = |auth, body: Value| mock.post("groups", auth, &body);
    for nothing in [json!({}), json!({"id": ""}), json!({"displayName": "x"})] {
        post(ADMIN, nothing).refused("no id", 400, "groupId is null or empty");
    }
    post(ADMIN, json!({"id": "staff"})).refused("taken", 409, "Group 'staff' already exists.");
    post(ALICE, json!({"id": "GROUP_staff"})).refused(
        "taken, whoever asks",
        409,
        "Group 'GROUP_staff' already exists.",
    );
    post(ALICE, json!({"id": "x"})).denied("a normal user");
    for illegal in ["/", "\\", "\n", "\r", "\""] {
        let text = format!("Group name contains characters that are not permitted: {illegal}");
        post(ADMIN, json!({"id": format!("a{illegal}b")})).refused_below(illegal, 400, Summary::Plain(&text));
    }
    let text = "An authority was not found for invalidId";
    let unknown = post(ADMIN, json!({"id": "x", "parentIds": ["invalidId"]}));
    unknown.refused_below("an unknown parent", 404, Summary::Numbered(text));
    let one = "Only 1 entity is supported in the HTTP request body";
    post(ADMIN, json!([{"id": "x"}])).refused("an array", 405, one);
    get(&mock, "groups/GROUP_x", ADMIN).not_found("none was made", "GROUP_x");
}

#[test]
fn a_group_is_changed_by_administrators() {
    let mock = TestMock::start();
    let id = group(&mock, "staff", &[]);
    let put = |id: &str, auth, body: Value| mock.put_json(&format!("{BASE}/groups/{id}"), auth, &body);
    let changed = put(&id, ADMIN, json!({"displayName": "Crew", "description": "New"}));
    changed.expect("PUT", &json_head(200), r#"{"entry":{"isRoot":true,"displayName":"Crew","id":"GROUP_staff"}}"#);
    assert_eq!(mock.entry(&format!("groups/{id}?include=description"), ALICE)["description"], json!("New"));
    for name in ["id", "isRoot", "parentIds", "zones", "hasSubgroups"] {
        let value = if name.starts_with('i') { json!("true") } else { json!(["true"]) };
        let value = if name == "hasSubgroups" { json!(true) } else { value };
        let text = format!("Group update does not support field: {name}");
        put(&id, ADMIN, json!({ name: value })).refused(name, 400, &text);
    }
    put("nosuch", ADMIN, json!({})).not_found("unknown", "nosuch");
    put(&id, ALICE, json!({"displayName": "Mine"})).denied("a normal user");
    let fixed = "Trying to modify a fixed authority";
    put("GROUP_EVERYONE", ADMIN, json!({"displayName": "x"})).refused("everybody", 409, fixed);
}

#[test]
fn a_group_is_deleted_by_administrators() {
    let mock = TestMock::start();
    let three = group(&mock, "three", &[]);
    let two = group(&mock, "two", &[&three]);
    let one = group(&mock, "one", &[&two]);
    delete(&mock, "groups/alice", ADMIN).refused("a person", 400, "Invalid group id: alice");
    delete(&mock, &format!("groups/{one}"), ALICE).denied("a normal user");
    let text = "An authority was not found for GROUP_nosuch";
    delete(&mock, "groups/GROUP_nosuch", ADMIN).refused_below("unknown", 404, Summary::Numbered(text));
    let fixed = "Trying to modify a fixed authority";
    delete(&mock, "groups/GROUP_EVERYONE", ADMIN).refused("everybody", 409, fixed);

    mock.removed(&format!("groups/{one}"), ADMIN);
    get(&mock, &format!("groups/{one}"), ADMIN).not_found("gone", &one);
    assert_eq!(mock.entry(&format!("groups/{two}"), ADMIN)["isRoot"], json!(true));
    mock.removed(&format!("groups/{two}?cascade=true"), ADMIN);
    for id in [&two, &three] {
        get(&mock, &format!("groups/{id}"), ADMIN).not_found("gone", id);
    }
}

#[test]
fn members_are_people_and_groups() {
    let mock = TestMock::start();
    let inner = group(&mock, "inner", &[]);
    let outer = group(&mock, "outer", &[]);
    let members = format!("groups/{outer}/members");
    let added = mock.post(&members, ADMIN, &membership("ALICE"));
    added.expect(
        "POST",
        &json_head(201),
        r#"{"entry":{"displayName":"Alice Smith","id":"alice","memberType":"PERSON"}}"#,
    );
    let added = mock.post(&members, ADMIN, &membership(&inner));
    added.expect(
        "POST",
        &json_head(201),
        r#"{"entry":{"displayName":"inner","id":"GROUP_inner","memberType":"GROUP"}}"#,
    );
    let ids = |query: &str| mock.listed(&format!("{members}{query}"), BOB, "id");
    assert_eq!(ids(""), ["alice", "GROUP_inner"]);
    assert_eq!(ids("?orderBy=id%20DESC"), ["GROUP_inner", "alice"]);
    assert_eq!(ids("?where=(memberType='GROUP')"), ["GROUP_inner"]);
    assert_eq!(ids("?where=(memberType='PERSON')"), ["alice"]);
    assert_eq!(ids("?maxItems=1&skipCount=1"), ["GROUP_inner"]);
    let text = "MemberType is invalid (expected eg. GROUP, PERSON)";
    get(&mock, &format!("{members}?where=(memberType='x')"), BOB).refused("another type", 400, text);
    get(&mock, "groups/nosuch/members", BOB).not_found("unknown", "nosuch");
    assert_eq!(get(&mock, "groups/GROUP_EVERYONE/members", ADMIN).status, 405);

    mock.removed(&format!("{members}/Alice"), ADMIN);
    mock.removed(&format!("{members}/{inner}"), ADMIN);
    assert_eq!(ids(""), Vec::<String>::new());
}

#[test]
fn a_membership_can_be_refused() {
    let mock = TestMock::start();
    let inner = group(&mock, "inner", &["alice"]);
    let outer = group(&mock, "outer", &[&inner]);
    let post = |id: &str, auth, body: Value| mock.post(&format!("groups/{id}/members"), auth, &body);
    post("nosuch", ADMIN, membership("alice")).not_found("an unknown group", "nosuch");
    let fixed = "Trying to modify a fixed authority";
    post("GROUP_EVERYONE", ADMIN, membership("alice")).refused("everybody", 409, fixed);
    let no_id = json!({"memberType": "PERSON"});
    post(&outer, ADMIN, no_id).refused("no id", 400, "group member Id is null or empty");
    post(&outer, ADMIN, json!({"id": "bob"})).refused("no type", 400, "group member type is null or empty");
    let text = "MemberType is invalid (expected eg. GROUP, PERSON)";
    post(&outer, ADMIN, json!({"id": "bob", "memberType": "x"})).refused("another type", 400, text);
    post(&outer, ADMIN, membership("nobody")).not_found("nobody", "nobody");
    for (id, wrong, right) in [("bob", "GROUP", "PERSON"), (&inner, "PERSON", "GROUP")] {
        let text = format!("Incorrect group member type, {right} exists with the given id");
        let response = post(&outer, ADMIN, json!({"id": id, "memberType": wrong}));
        response.refused_below(id, 400, Summary::Plain(&text));
    }
    post(&outer, ALICE, membership("bob")).denied("a normal user");
    let text = "Duplicate child name not allowed: alice";
    post(&inner, ADMIN, membership("alice")).refused("again", 409, text);
    for group in [&inner, &outer] {
        assert_eq!(post(&inner, ADMIN, membership(group)).status, 400, "{group} in itself");
    }

    let member = |member: &str| format!("groups/{outer}/members/{member}");
    delete(&mock, "groups/nosuch/members/alice", ADMIN).not_found("an unknown group", "nosuch");
    delete(&mock, &member("nobody"), ADMIN).not_found("nobody", "nobody");
    delete(&mock, "groups/GROUP_EVERYONE/members/alice", ADMIN).refused("everybody", 409, fixed);
    let text = format!("alice is not member of {outer}");
    delete(&mock, &member("alice"), ADMIN).refused("a member of a group in it", 404, &text);
    delete(&mock, &member(&inner), ALICE).denied("a normal user");
}

#[test]
fn people_belong_to_groups_through_groups_and_to_everybody() {
    let mock = TestMock::start();
    let ids = |id: &str, auth| mock.listed(&format!("people/{id}/groups"), auth, "id");
    assert_eq!(ids("-me-", ALICE), ["GROUP_EVERYONE"]);
    let inner = group(&mock, "inner", &["alice"]);
    let outer = group(&mock, "outer", &[&inner]);
    assert_eq!(ids("-me-", ALICE), ["GROUP_EVERYONE", &inner, &outer]);
    assert_eq!(ids("alice", ADMIN), ["GROUP_EVERYONE", &inner, &outer]);
    assert_eq!(mock.listed("people/-me-/groups?where=(isRoot=true)", ALICE, "id"), [outer]);
    let of_admin = ids("-me-", ADMIN);
    assert_eq!(of_admin.iter().filter(|id| BUILT_IN.contains(&id.as_str())).count(), BUILT_IN.len());
    get(&mock, "people/alice/groups", BOB).denied("somebody else");
    get(&mock, "people/nobody/groups", ADMIN).not_found("nobody", "nobody");
}

#[test]
fn what_a_group_may_its_members_may_everywhere() {
    let mock = TestMock::start();
    let inner = group(&mock, "inner", &["bob"]);
    let outer = group(&mock, "outer", &[&inner]);
    let folder = mock.folder(ALICE, "-my-", "shared");
    let file = mock.file(ALICE, &folder, "file.txt", "for the group");
    let hidden = mock.file(ALICE, &folder, "hidden.txt", "for nobody");
    let top = mock.folder(ALICE, "-shared-", "top");
    let link = json!({"childId": folder, "assocType": "cm:contains"});
    mock.made(&format!("nodes/{top}/secondary-children"), ALICE, &link);
    let set = |id: &str, permissions: Value| {
        let response = mock.put_json(&format!("{BASE}/nodes/{id}"), ALICE, &json!({ "permissions": permissions }));
        assert_eq!(response.status, 200, "{}", response.text());
    };
    set(&hidden, json!({"isInheritanceEnabled": false, "locallySet": []}));
    let zipped = || {
        let download = mock.finished_download(BOB, &[&top]);
        let zip = mock.content(BOB, &download);
        archive::names(&zip)
    };
    get(&mock, &format!("nodes/{file}"), BOB).denied("not yet");
    let without = zipped();
    let grant = |name: &str| json!({"authorityId": outer, "name": name});
    set(&folder, json!({"isInheritanceEnabled": false, "locallySet": [grant("Consumer")]}));
    assert_eq!(mock.listed(&format!("nodes/{folder}/children"), BOB, "id"), [file.as_str()]);
    assert_eq!(mock.content(BOB, &file), b"for the group");
    let with = zipped();
    assert!(!without.iter().any(|name| name.ends_with("file.txt")), "{without:?}");
    assert!(with.iter().any(|name| name == "top/shared/file.txt"), "{with:?}");
    assert!(!with.iter().any(|name| name.ends_with("hidden.txt")), "{with:?}");
    mock.post(&format!("nodes/{folder}/children"), BOB, &json!({"name": "x", "nodeType": "cm:folder"}))
        .denied("writing");
    set(&folder, json!({"locallySet": [grant("Collaborator")]}));
    mock.folder(BOB, &folder, "x");
    let shown =
        mock.entry(&format!("nodes/{folder}?include=permissions"), ALICE)["permissions"]["locallySet"][0].clone();
    assert_eq!((&shown["authorityId"], &shown["authorityDisplayName"]), (&json!(outer), &json!("outer")));

    mock.removed(&format!("groups/{inner}/members/bob"), ADMIN);
    get(&mock, &format!("nodes/{file}"), BOB).denied("not any more");
    add(&mock, &inner, "bob");
    assert_eq!(get(&mock, &format!("nodes/{file}"), BOB).status, 200);
    mock.removed(&format!("groups/{outer}"), ADMIN);
    get(&mock, &format!("nodes/{file}"), BOB).denied("the group is gone");
    let left = mock.entry(&format!("nodes/{folder}?include=permissions"), ALICE)["permissions"].clone();
    assert_eq!(left.get("locallySet"), None, "and with it what was granted to it");
    let unknown = json!({"permissions": {"locallySet": [grant("Consumer")]}});
    let text = format!("Cannot set permissions on this node - unknown authority: {outer}");
    mock.put_json(&format!("{BASE}/nodes/{folder}"), ALICE, &unknown).refused("an unknown group", 400, &text);
}

#[test]
fn who_belongs_to_the_administrators_is_one() {
    let mock = TestMock::start();
    let home = mock.entry("nodes/-my-", ALICE)["id"].as_str().unwrap().to_owned();
    get(&mock, &format!("nodes/{home}"), BOB).denied("not yet");
    let inner = group(&mock, "inner", &["bob"]);
    add(&mock, "GROUP_ALFRESCO_ADMINISTRATORS", &inner);
    assert_eq!(get(&mock, &format!("nodes/{home}"), BOB).status, 200);
    assert_eq!(mock.entry("people/bob", BOB)["capabilities"]["isAdmin"], json!(true));
    mock.removed(&format!("groups/{inner}/members/bob"), ADMIN);
    get(&mock, &format!("nodes/{home}"), BOB).denied("not any more");
    assert_eq!(mock.entry("people/bob", BOB)["capabilities"]["isAdmin"], json!(false));
}

#[test]
fn fixtures_may_state_groups() {
    let document = r#"{
        "people": [{"id": "ann"}, {"id": "ben"}],
        "groups": [
            {"id": "GROUP_staff", "displayName": "Staff", "members": ["Ann", "GROUP_night"]},
            {"id": "GROUP_night", "members": ["ben"]},
            {"id": "GROUP_ALFRESCO_ADMINISTRATORS", "members": ["ann"]}
        ],
        "nodes": [{"path": "d", "permissions": {
            "isInheritanceEnabled": false, "locallySet": [{"authorityId": "GROUP_staff", "name": "Consumer"}]}}]
    }"#;
    let mock = OwnFixtures::start(&[("d/file.txt", "for the staff")], document);
    let (ann, ben) = (Auth::Basic("ann", "ann"), Auth::Basic("ben", "ben"));
    assert_eq!(mock.entry("groups/GROUP_staff", ben)["displayName"], json!("Staff"));
    assert_eq!(mock.listed("groups/GROUP_staff/members", ben, "id"), ["ann", "GROUP_night"]);
    let file = path_id("d/file.txt");
    assert_eq!(mock.content(ben, &file), b"for the staff");
    assert_eq!(mock.entry("people/ann", ann)["capabilities"]["isAdmin"], json!(true));
    mock.person("carl");
    get(&mock, &format!("nodes/{file}"), Auth::Basic("carl", "carl")).denied("not one of them");
}
