//! What `cargo bench` measures from within: no part of the public API.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    api::ranges::Ranges,
    clock::Timestamp,
    content::{
        Content, Piece,
        packed::{Data, Packed},
    },
    downloads::{
        archive::{Archive, ZipEntry},
        plan::Plan,
    },
    repository::{
        Tree,
        access::Caller,
        bootstrap,
        node::{ContentData, NodeId, NodeType},
    },
};

const DAY: Timestamp = Timestamp::from_millis(1_782_119_702_456);

/// A zip of small files, laid out. They share one deflated content, so that this measures the zip alone.
#[derive(Debug)]
pub struct Zip(Archive);

impl Zip {
    /// Lays out a zip of that many files, of `bytes` deflated bytes each.
    pub fn of(files: usize, bytes: usize) -> Self {
        let stream = Data::Memory(Bytes::from(vec![0; bytes]));
        let packed = Arc::new(Packed::new(0, bytes as u64, [stream], None));
        let entry = |number: usize| ZipEntry {
            name: format!("folder{:02}/file{number:07}.txt", number % 100).into(),
            created: DAY,
            modified: DAY,
            packed: Some(packed.clone()),
        };
        Self(Archive::new((0..files).map(entry)))
    }

    /// Bytes of the zip.
    pub fn size(&self) -> u64 {
        self.0.len()
    }

    /// Reads it from an offset to its end, piece by piece as a socket would take it; how many bytes there were.
    pub fn read_from(&self, offset: u64) -> u64 {
        let mut at = offset;
        while at < self.0.len() {
            at += self.piece_at(at);
        }
        at - offset
    }

    /// Finds and makes the piece at an offset; its length.
    pub fn piece_at(&self, offset: u64) -> u64 {
        match self.0.piece_at(offset, self.0.len()) {
            Piece::Bytes(bytes) => bytes.len() as u64,
            // None of it is in a file.
            Piece::Read(_) => 0,
        }
    }
}

/// A folder of small files in a hundred folders, which share one content.
#[derive(Debug)]
pub struct Folder {
    tree: Tree,
    id: NodeId,
    caller: Caller,
}

impl Folder {
    /// A folder of that many files.
    pub fn of(files: usize) -> Self {
        let mut tree = bootstrap::tree(DAY);
        let folder = bootstrap::folder("/All", "All", tree.root(), DAY);
        let id = folder.id;
        tree.insert(folder);
        let parts: Vec<NodeId> = (0..100)
            .map(|number| {
                let folder = bootstrap::folder(&format!("/All/{number}"), &format!("folder{number:02}"), id, DAY);
                let id = folder.id;
                tree.insert(folder);
                id
            })
            .collect();
        let data = ContentData {
            mimetype: "text/plain".into(),
            encoding: "UTF-8".into(),
            size: 4096,
            content: Some(Content::memory(Bytes::from(vec![0; 4096]))),
            is_archived: false,
        };
        for number in 0..files {
            let path = format!("/All/{}/{number}", number % 100);
            let mut file = bootstrap::folder(&path, &format!("file{number:07}.txt"), parts[number % 100], DAY);
            file.node_type = NodeType::CONTENT;
            file.content = Some(data.clone());
            tree.insert(file);
        }
        Self { tree, id, caller: Caller { user: "admin".into(), is_admin: true } }
    }

    /// Finds out what a download of it has to zip; how many bytes that are.
    pub fn walk(&self) -> u64 {
        let plan = Plan::walk(&self.tree, &self.caller, &[self.id], usize::MAX, |_| None, || true);
        plan.map_or(0, |plan| plan.total_bytes)
    }
}

/// Reads the value of a `Range` header; whether it asks for anything that is there.
pub fn read_range(value: &str, size: u64) -> bool {
    matches!(Ranges::read(value, size, Some("curl/8")), Ranges::One(_) | Ranges::Several(_))
}
