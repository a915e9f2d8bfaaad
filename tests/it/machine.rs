//! Faults of the machine: no room, no descriptors, files that change under a job, and a process that is killed.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::Command,
    time::Duration,
};

use alfresco_downloads_mock::{JobMatch, Point, Status};
use serde_json::json;

use crate::support::{
    ADMIN, Auth, BASE, OwnFixtures, TestMock, archive, path_id,
    process::{Server, program, run, text},
    seeding::{Part::File as FilePart, form},
};

/// The program as run by a shell that does something first.
fn after(script: &str, arguments: &[&str]) -> Server {
    Server::spawn(command_after(&format!("{script} && exec \"$0\" \"$@\""), arguments))
}

/// The shell that runs this script, of which the program and its arguments are the parameters.
fn command_after(script: &str, arguments: &[&str]) -> Command {
    let plain = program(&[]);
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").args(["-c", script]);
    command.arg(plain.get_program()).args(["--port", "0", "--log", "warn"]).args(arguments);
    command
}

/// Uploads so many bytes; the status, and the id if there is one.
fn upload(server: &Server, name: &str, size: usize) -> (u16, String) {
    let body = form(&[FilePart("filedata", name, &vec![b'x'; size])]);
    let headers = [("Content-Type", "multipart/form-data; boundary=----boundary")];
    let response = server.request("POST", &format!("{BASE}/nodes/-my-/children"), ADMIN, &headers, Some(&body));
    (response.status, response.json()["entry"]["id"].as_str().unwrap_or_default().to_owned())
}

fn content(server: &Server, id: &str) -> Vec<u8> {
    server.get(&format!("{BASE}/nodes/{id}/content"), ADMIN).body
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_would_take_too_much_memory_is_refused_and_all_else_goes_on() {
    let mut server = Server::start(&["--max-memory", "80000000"]);
    let create = |server: &Server, id: &str| {
        let body = json!({ "nodeIds": [id] }).to_string();
        let headers = [("Content-Type", "application/json")];
        server.request("POST", &format!("{BASE}/downloads"), ADMIN, &headers, Some(body.as_bytes()))
    };
    let mut ids = Vec::new();
    loop {
        let (status, id) = upload(&server, &format!("{}.bin", ids.len()), 1_000_000);
        if status == 507 {
            break;
        }
        assert_eq!(status, 201);
        ids.push(id);
        assert!(ids.len() < 200, "more than the limit, and nobody has noticed");
    }
    server.wait_for_log("--max-memory");
    let refused = create(&server, &ids[0]);
    assert_eq!(refused.status, 507);
    assert_eq!(refused.json()["error"]["errorKey"], "framework.exception.InsufficientStorage");
    let root = |network: &str| {
        let target = format!("/alfresco/api/{network}/public/alfresco/versions/1/nodes/-root-");
        server.get(&target, ADMIN).status
    };
    assert_eq!([root("-default-"), root("other")], [200, 401], "a new network is one that is unknown");
    assert_eq!(content(&server, &ids[0]).len(), 1_000_000);
    // As much may be made as goes, whether or not the allocator gives back what it has.
    for id in &ids[1..4] {
        let deleted = server.request("DELETE", &format!("{BASE}/nodes/{id}?permanent=true"), ADMIN, &[], None);
        assert_eq!(deleted.status, 204);
    }
    for number in 0..3 {
        assert_eq!(upload(&server, &format!("again {number}.bin"), 1_000_000).0, 201);
    }
    assert!(server.request("POST", "/__admin/reset", Auth::None, &[], Some(b"")).status < 300);
    for number in 0..10 {
        assert_eq!(upload(&server, &format!("anew {number}.bin"), 1_000_000).0, 201);
    }
    assert_eq!(create(&server, "00000000-0000-4000-8000-000000000021").status, 202);
}

#[test]
fn a_process_that_is_killed_leaves_nothing_in_the_temporary_folder() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let server = Server::start(&["--temp-dir", path(folder.path()), "--upload-memory", "0"]);
        let (status, id) = upload(&server, "large.bin", 3_000_000);
        assert_eq!((status, content(&server, &id).len()), (201, 3_000_000));
        server.signal("KILL");
        server.wait();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_temporary_folder_that_is_taken_away_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let server = Server::start(&["--temp-dir", path(&temporary), "--upload-memory", "0"]);
    fs::remove_dir(&temporary).unwrap();
    let (status, id) = upload(&server, "large.bin", 3_000_000);
    assert_eq!((status, content(&server, &id).len()), (201, 3_000_000));
}

#[cfg(target_os = "linux")]
#[test]
fn a_temporary_folder_that_cannot_be_written_to_ends_the_start() {
    let output = run(&["--port", "0", "--temp-dir", "/proc"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot write to the temporary folder /proc, which --temp-dir names"));
}

/// What a shell does first to have a small file system, with these options, at a folder of the program's own; none where
/// that cannot be had.
#[cfg(target_os = "linux")]
fn small_file_system(folder: &Path, options: &str) -> Option<String> {
    let mount = format!("mount -t tmpfs -o {options} tmpfs {}", path(folder));
    // A mount namespace of its own, as root or as if.
    let can = |how: &&str| {
        let tried = Command::new("unshare").args(how.split(' ')).args(["sh", "-c", &mount]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let how = ["-m", "-r -m"].into_iter().find(can);
    if how.is_none() {
        // Some machines allow no namespaces. Then the limit of our own is all that can be tried, in `limits.rs`.
        let _ = writeln!(std::io::stderr(), "skipped: no mount namespace can be made here");
    }
    how.map(|how| format!("exec unshare {how} sh -c '{mount} && exec \"$0\" \"$@\"' \"$0\" \"$@\""))
}

#[cfg(target_os = "linux")]
#[test]
fn a_temporary_folder_that_is_read_only_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let Some(script) = small_file_system(folder.path(), "ro") else { return };
    let output = command_after(&script, &["--temp-dir", path(folder.path())]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = text(&output.stderr);
    assert!(log.contains("cannot write to the temporary folder") && log.contains("Read-only file system"), "{log}");
}

/// Bytes of which half are left when they are deflated.
#[cfg(target_os = "linux")]
fn half_of_noise(length: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b'a' + (state >> 60) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_temporary_folder_kills_jobs_that_need_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let Some(script) = small_file_system(folder.path(), "size=1m") else { return };
    let fixtures = crate::support::fixtures_folder(&[("f/small.txt", "small"), ("f/large.txt", "")], "");
    let bytes = half_of_noise(8_000_000);
    fs::write(fixtures.path().join("f/large.txt"), &bytes).unwrap();
    let arguments = ["--temp-dir", path(folder.path()), "--deflated-memory", "0", "--fixtures", path(fixtures.path())];
    let mut server = after(&script, &arguments);
    let wait = |id: &str, until: &str| {
        let waited = server.get(&format!("/__admin/wait?download={id}&{until}&timeout=60s"), Auth::None);
        assert_eq!(waited.status, 200, "{}", waited.text());
        waited.json()
    };
    for _ in 0..2 {
        let dead = server.create_download(ADMIN, &[&path_id("f")]);
        let seen = wait(&dead, "isJobOver=true");
        assert!(!["DONE", "CANCELLED"].contains(&seen["status"].as_str().unwrap()), "{seen}");
        assert_eq!(server.get(&format!("{BASE}/nodes/{dead}/content"), ADMIN).status, 404);
        let alive = server.create_download(ADMIN, &[&path_id("f/small.txt")]);
        wait(&alive, "status=DONE");
        assert_eq!(archive::parse(&content(&server, &alive))[0].content, b"small");
    }
    assert_eq!(content(&server, &path_id("f/large.txt")), bytes, "what lies in the fixtures needs no room");
    assert!(server.wait_for_log("died").contains("No space left on device"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_temporary_folder_refuses_uploads_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let Some(script) = small_file_system(folder.path(), "size=2m") else { return };
    let arguments = ["--temp-dir", path(folder.path()), "--upload-memory", "0", "--deflated-memory", "0"];
    let mut server = after(&script, &arguments);
    let (full, _) = upload(&server, "too-large.bin", 4_000_000);
    assert_eq!(full, 507);
    assert!(server.wait_for_log("--temp-dir").contains("No space left on device"));
    let (status, id) = upload(&server, "fits.bin", 1_000_000);
    assert_eq!((status, content(&server, &id).len()), (201, 1_000_000), "what was refused has left no trace");
    let (full, _) = upload(&server, "no-more.bin", 1_500_000);
    assert_eq!(full, 507);
    assert_eq!(content(&server, &id), vec![b'x'; 1_000_000]);
    assert_eq!(server.get(&format!("{BASE}/nodes/-root-"), ADMIN).status, 200);
}

/// Three files, of which the second is changed by the test before the job has begun.
fn changed_under_a_job(change: impl FnOnce(&Path)) -> (TestMockWithFolder, String) {
    changed_at(Point::Pending, change)
}

/// The same, when the job has come to this point.
fn changed_at(point: Point, change: impl FnOnce(&Path)) -> (TestMockWithFolder, String) {
    let folder = crate::support::fixtures_folder(&[("f/a.txt", "aaaa"), ("f/b.txt", ""), ("f/c.txt", "cccc")], "");
    let second = folder.path().join("f/b.txt");
    // No text that deflate makes next to nothing of, and more than one block.
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(&second, bytes).unwrap();
    let mock = TestMock::with_fixtures(folder.path());
    let gate = mock.control().hold(point, JobMatch::next()).unwrap();
    let id = mock.create_download(ADMIN, &[&path_id("f")]);
    let held = format!("/__admin/wait?download={id}&isHeld=true&timeout=60s");
    assert_eq!(mock.get(&held, Auth::None).status, 200);
    change(&second);
    drop(gate);
    let over = format!("/__admin/wait?download={id}&isJobOver=true&timeout=60s");
    assert_eq!(mock.get(&over, Auth::None).status, 200);
    (TestMockWithFolder { mock, _folder: folder }, id)
}

struct TestMockWithFolder {
    mock: TestMock,
    _folder: tempfile::TempDir,
}

impl TestMockWithFolder {
    /// What does not touch the changed file works.
    #[track_caller]
    fn assert_alive(&self) {
        let done = self.mock.finished_download(ADMIN, &[&path_id("f/a.txt"), &path_id("f/c.txt")]);
        let zip = self.mock.content(ADMIN, &done);
        assert_eq!(archive::parse(&zip).len(), 2);
    }
}

#[test]
fn a_file_that_vanishes_under_a_job_is_left_out() {
    let (mock, id) = changed_under_a_job(|file| fs::remove_file(file).unwrap());
    let progress = mock.mock.wait_until_done(&id);
    assert_eq!((progress.files_added, progress.total_files), (2, 3), "as one whose bytes are missing");
    assert_eq!(archive::parse(&mock.mock.content(ADMIN, &id)).len(), 3, "a folder and two files");
    mock.assert_alive();
}

#[test]
fn a_file_that_shrinks_under_a_job_kills_the_job() {
    let (mock, id) = changed_under_a_job(|file| File::options().write(true).open(file).unwrap().set_len(10).unwrap());
    let shown = mock.mock.get(&format!("{BASE}/downloads/{id}"), ADMIN).json();
    assert!(!["DONE", "CANCELLED"].contains(&shown["entry"]["status"].as_str().unwrap()), "{shown}");
    mock.assert_alive();
}

#[test]
fn a_file_that_grows_or_changes_under_a_job_makes_a_zip_that_is_whole() {
    let (mock, id) = changed_under_a_job(|file| {
        fs::write(file, vec![b'y'; 4_000_000]).unwrap();
    });
    let progress = mock.mock.wait_until_done(&id);
    assert_eq!((progress.files_added, progress.bytes_added), (3, 3_000_008));
    let zip = mock.mock.content(ADMIN, &id);
    assert_eq!(archive::parse(&zip).len(), 4, "its checksums are those of what it holds");
    mock.assert_alive();
}

/// The content of a node, unless there is none, or it ends before it should.
fn whole_content(mock: &TestMock, id: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(mock.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let get = format!(
        "GET {BASE}/nodes/{id}/content HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Authorization: Basic YWRtaW46YWRtaW4=\r\n\r\n"
    );
    stream.write_all(get.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut answer);
    let end_of_head = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let body = answer.split_off(end_of_head);
    let head = String::from_utf8(answer).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?;
    (head.starts_with("HTTP/1.1 200 ") && length == body.len().to_string()).then_some(body)
}

/// The file may have been read by then or not: what comes of it is whole, or nothing.
#[test]
fn whatever_becomes_of_a_file_in_the_middle_of_a_job_its_zip_is_whole_or_none() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 5] = [
        ("it vanishes", |file| fs::remove_file(file).unwrap()),
        ("it shrinks", |file| File::options().write(true).open(file).unwrap().set_len(10).unwrap()),
        ("it is another", |file| fs::write(file, vec![b'y'; 4_000_000]).unwrap()),
        ("it is a folder", |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        }),
        ("its folder vanishes", |file| fs::remove_dir_all(file.parent().unwrap()).unwrap()),
    ];
    for (what, change) in changes {
        for point in [Point::BeforeFile(1), Point::BeforeFile(2), Point::BeforeDone] {
            let (mock, id) = changed_at(point, change);
            let progress = mock.mock.wait_for(&id, |_| true).unwrap();
            assert!(progress.files_added <= progress.total_files, "{what}: {progress:?}");
            let zip = whole_content(&mock.mock, &id);
            assert!(zip.is_none() || progress.status == Status::Done, "{what} at {point:?}: {progress:?}");
            if let Some(zip) = zip {
                // Which compares the checksums.
                let files = archive::parse(&zip).iter().filter(|entry| !entry.name.ends_with('/')).count();
                assert_eq!(files as u64, progress.files_added, "{what}: {progress:?}");
            }
            assert_eq!(mock.mock.get(&format!("{BASE}/nodes/-root-"), ADMIN).status, 200, "{what}");
        }
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_read_ends_the_answer_and_nothing_else() {
    let mock = OwnFixtures::start(&[("a.txt", "aaaa")], "");
    let folder = crate::support::fixtures_folder(&[("large.bin", ""), ("a.txt", "a")], "");
    let large = folder.path().join("large.bin");
    fs::write(&large, vec![7; 40_000_000]).unwrap();
    let own = TestMock::with_fixtures(folder.path());
    let mut stream = TcpStream::connect(own.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let id = path_id("large.bin");
    let get =
        format!("GET {BASE}/nodes/{id}/content HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n");
    stream.write_all(get.as_bytes()).unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    File::options().write(true).open(&large).unwrap().set_len(0).unwrap();
    let mut rest = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.len() < 40_000_000, "the client sees that something is missing");
    assert_eq!(own.content(ADMIN, &path_id("a.txt")), b"a");
    assert_eq!(mock.content(ADMIN, &path_id("a.txt")), b"aaaa");
}

#[cfg(target_os = "linux")]
#[test]
fn without_descriptors_it_waits_and_goes_on() {
    let server = after("ulimit -n 48", &[]);
    let probe = server.get_request(&format!("{BASE}/probes/-live-"), Auth::None);
    let mut first = server.connect();
    first.send(&probe);
    assert_eq!(first.receive("GET").status, 200);
    // More than there are descriptors for: the system keeps those that are not accepted.
    let mut waiting: Vec<_> = (0..80).map(|_| server.connect()).collect();
    for connection in &mut waiting {
        connection.send(&probe);
    }
    assert_eq!(waiting[0].receive("GET").status, 200);
    let before = server.processor_ticks();
    for _ in 0..20 {
        first.send(&probe);
        assert_eq!(first.receive("GET").status, 200, "who has come is served");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    let spent = server.processor_ticks() - before;
    assert!(spent < 50, "{spent} hundredths of a second of work in one second of waiting");
    let mut last = waiting.pop().unwrap();
    drop(waiting);
    assert_eq!(last.receive("GET").status, 200, "who waited is served");
    let id = server.create_download(ADMIN, &[&crate::support::node_id("TestDownloads/docTest1.txt")]);
    assert_eq!(server.get(&format!("/__admin/wait?download={id}&status=DONE&timeout=60s"), Auth::None).status, 200);
}
