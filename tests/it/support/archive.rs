//! A zip reader of our own, which looks at every byte and shares none of the server's own code.
//!
//! [`parse`] holds an archive against section 4.2 of the wire reference: whatever test reads an archive checks its layout
//! too. [`Directory`] reads only what it must, for archives that are too large to hold.

use std::io::Read as _;

use crc32fast::Hasher;
use flate2::read::DeflateDecoder;

/// Seconds from 1601 to 1970, as NTFS counts from the one and everybody else from the other.
const NTFS_EPOCH_SECONDS: u64 = 11_644_473_600;

/// A zip entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// `cm:modified` in milliseconds since 1970, from the NTFS field.
    pub(crate) modified_ms: i64,
    /// `cm:created` in milliseconds since 1970, from the NTFS field.
    pub(crate) created_ms: i64,
    /// The date and the time of the DOS fields.
    pub(crate) dos: (u16, u16),
    pub(crate) crc: u32,
    pub(crate) compressed_size: u64,
    pub(crate) content: Vec<u8>,
}

/// The names of an archive's entries, in its order, after a check of the whole layout.
#[track_caller]
pub(crate) fn names(archive: &[u8]) -> Vec<String> {
    parse(archive).into_iter().map(|entry| entry.name).collect()
}

/// The entries of an archive that needs no zip64, held against section 4.2 byte by byte.
#[track_caller]
pub(crate) fn parse(archive: &[u8]) -> Vec<Entry> {
    let directory = Directory::read(archive.len() as u64, |offset, len| {
        let offset = usize::try_from(offset).unwrap();
        archive[offset..offset + len].to_vec()
    });
    assert!(!directory.is_zip64, "zip64 records without need");
    let mut expected_offset = 0;
    let entries = directory.entries.iter().map(|central| {
        assert_eq!(central.offset, expected_offset, "{}: bytes between entries", central.name);
        let (entry, end) = entry(archive, central);
        expected_offset = end;
        entry
    });
    let entries = entries.collect();
    assert_eq!(directory.offset, expected_offset, "bytes before the directory");
    entries
}

fn entry(archive: &[u8], central: &Central) -> (Entry, u64) {
    let name = &central.name;
    assert_eq!(central.made_by, 20, "{name}: made by");
    assert_eq!(central.version_needed, 20, "{name}: version needed");
    let mut at = Cursor::new(&archive[usize::try_from(central.offset).unwrap()..]);
    assert_eq!(at.u32(), 0x0403_4B50, "{name}: signature of the local header");
    assert_eq!(at.u16(), 20, "{name}: version needed, local");
    assert_eq!(at.u16(), 0x0808, "{name}: flags, local");
    assert_eq!(at.u16(), 8, "{name}: method, local");
    let (time, date) = (at.u16(), at.u16());
    assert_eq!((date, time), central.dos, "{name}: date, local");
    assert_eq!((at.u32(), at.u32(), at.u32()), (0, 0, 0), "{name}: CRC and sizes, local");
    let (name_len, extra_len) = (at.u16(), at.u16());
    assert_eq!(at.take(name_len.into()), name.as_bytes(), "{name}: local name");
    assert_eq!(at.take(extra_len.into()), central.extra, "{name}: extra fields, local");
    let deflated = at.take(usize::try_from(central.compressed_size).unwrap());
    let content = inflate(deflated);
    if content.is_empty() {
        assert_eq!(deflated, [3, 0], "{name}: deflated nothing");
    }
    assert_eq!(content.len() as u64, central.size, "{name}: size");
    let mut crc = Hasher::new();
    crc.update(&content);
    assert_eq!(crc.finalize(), central.crc, "{name}: CRC");
    assert_eq!(at.u32(), 0x0807_4B50, "{name}: signature of the descriptor");
    assert_eq!(at.u32(), central.crc, "{name}: CRC, descriptor");
    assert_eq!(u64::from(at.u32()), central.compressed_size, "{name}: compressed size, descriptor");
    assert_eq!(u64::from(at.u32()), central.size, "{name}: size, descriptor");
    let (modified_ms, created_ms) = ntfs_dates(name, &central.extra);
    assert_eq!(central.extra[36..], unicode_path(name), "{name}: Unicode path");
    let entry = Entry {
        name: name.clone(),
        modified_ms,
        created_ms,
        dos: central.dos,
        crc: central.crc,
        compressed_size: central.compressed_size,
        content,
    };
    (entry, central.offset + at.position())
}

/// The two dates of the field 0x000A, which must be the first.
fn ntfs_dates(name: &str, extra: &[u8]) -> (i64, i64) {
    let mut at = Cursor::new(extra);
    assert_eq!((at.u16(), at.u16()), (0x000A, 32), "{name}: NTFS field");
    assert_eq!(at.u32(), 0, "{name}: reserved");
    assert_eq!((at.u16(), at.u16()), (0x0001, 24), "{name}: NTFS tag");
    let (modified, accessed, created) = (at.u64(), at.u64(), at.u64());
    assert_eq!(accessed, 0, "{name}: date of the last access");
    (since_1970_ms(modified), since_1970_ms(created))
}

fn since_1970_ms(ticks: u64) -> i64 {
    assert_eq!(ticks % 10_000, 0, "not a whole millisecond: {ticks}");
    i64::try_from(ticks / 10_000).unwrap() - i64::try_from(NTFS_EPOCH_SECONDS * 1000).unwrap()
}

/// The field 0x7075 for that name.
pub(crate) fn unicode_path(name: &str) -> Vec<u8> {
    let mut crc = Hasher::new();
    crc.update(name.as_bytes());
    let len = u16::try_from(5 + name.len()).unwrap();
    [&0x7075_u16.to_le_bytes()[..], &len.to_le_bytes(), &[1], &crc.finalize().to_le_bytes(), name.as_bytes()].concat()
}

pub(crate) fn inflate(data: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut decoder = DeflateDecoder::new(data);
    decoder.read_to_end(&mut content).expect("deflated data");
    assert_eq!(decoder.total_in(), data.len() as u64, "bytes after the deflated data");
    content
}

/// An archive's central directory.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) entries: Vec<Central>,
    /// Where it begins.
    pub(crate) offset: u64,
    /// Whether the archive ends with zip64 records.
    pub(crate) is_zip64: bool,
}

/// A central header.
#[derive(Clone, Debug)]
pub(crate) struct Central {
    pub(crate) name: String,
    pub(crate) made_by: u16,
    pub(crate) version_needed: u16,
    pub(crate) dos: (u16, u16),
    pub(crate) crc: u32,
    pub(crate) compressed_size: u64,
    pub(crate) size: u64,
    /// Where the local header begins.
    pub(crate) offset: u64,
    pub(crate) extra: Vec<u8>,
}

impl Directory {
    /// Reads the directory of an archive of that size through `read(offset, len)`, from its end as readers do. Every field
    /// without a say in zip64 is held against section 4.2.
    pub(crate) fn read(size: u64, mut read: impl FnMut(u64, usize) -> Vec<u8>) -> Self {
        let end = size - 22;
        let record = read(end, 22);
        let mut at = Cursor::new(&record);
        assert_eq!(at.u32(), 0x0605_4B50, "signature of the end");
        assert_eq!((at.u16(), at.u16()), (0, 0), "disks");
        let (on_disk, count) = (u64::from(at.u16()), u64::from(at.u16()));
        assert_eq!(on_disk, count, "entries on this disk");
        let (len, offset) = (u64::from(at.u32()), u64::from(at.u32()));
        assert_eq!(at.u16(), 0, "length of the comment");
        let is_zip64 = count == 0xFFFF || len == 0xFFFF_FFFF || offset == 0xFFFF_FFFF;
        let (count, len, offset, expected_end) =
            if is_zip64 { zip64_end(end, &mut read) } else { (count, len, offset, end) };
        assert_eq!(offset + len, expected_end, "bytes behind the directory");
        let bytes = read(offset, usize::try_from(len).unwrap());
        let mut at = Cursor::new(&bytes);
        let entries = (0..count).map(|_| central(&mut at)).collect();
        assert_eq!(at.position(), len, "length of the directory");
        Self { entries, offset, is_zip64 }
    }
}

/// Count, length and offset of the directory, and where the zip64 record begins.
fn zip64_end(end: u64, read: &mut impl FnMut(u64, usize) -> Vec<u8>) -> (u64, u64, u64, u64) {
    let locator = read(end - 20, 20);
    let mut at = Cursor::new(&locator);
    assert_eq!(at.u32(), 0x0706_4B50, "signature of the zip64 locator");
    assert_eq!(at.u32(), 0, "disk of the zip64 end");
    let start = at.u64();
    assert_eq!(at.u32(), 1, "disks in all");
    assert_eq!(start + 56, end - 20, "bytes behind the zip64 end");
    let record = read(start, 56);
    let mut at = Cursor::new(&record);
    assert_eq!(at.u32(), 0x0606_4B50, "signature of the zip64 end");
    assert_eq!(at.u64(), 44, "size of the zip64 end");
    at.take(4);
    assert_eq!((at.u32(), at.u32()), (0, 0), "disks, zip64");
    let (on_disk, count) = (at.u64(), at.u64());
    assert_eq!(on_disk, count, "entries on this disk, zip64");
    let (len, offset) = (at.u64(), at.u64());
    (count, len, offset, start)
}

fn central(at: &mut Cursor<'_>) -> Central {
    assert_eq!(at.u32(), 0x0201_4B50, "signature of a central header");
    let (made_by, version_needed) = (at.u16(), at.u16());
    assert_eq!(at.u16(), 0x0808, "flags");
    assert_eq!(at.u16(), 8, "method");
    let (time, date) = (at.u16(), at.u16());
    let crc = at.u32();
    let (mut compressed_size, mut size) = (u64::from(at.u32()), u64::from(at.u32()));
    let (name_len, extra_len) = (at.u16(), at.u16());
    assert_eq!(at.u16(), 0, "length of the comment");
    assert_eq!(at.u16(), 0, "disk");
    assert_eq!((at.u16(), at.u32()), (0, 0), "internal and external attributes");
    let mut offset = u64::from(at.u32());
    let name = String::from_utf8(at.take(name_len.into()).to_vec()).expect("a name in UTF-8");
    let extra = at.take(extra_len.into()).to_vec();
    let mut fields = Cursor::new(&extra);
    while !fields.is_at_end() {
        let (id, len) = (fields.u16(), fields.u16());
        let mut field = Cursor::new(fields.take(len.into()));
        if id == 0x0001 {
            for value in [&mut size, &mut compressed_size, &mut offset] {
                if *value == 0xFFFF_FFFF {
                    *value = field.u64();
                }
            }
            assert!(field.is_at_end(), "{name}: zip64 values without need");
        }
    }
    Central { name, made_by, version_needed, dos: (date, time), crc, compressed_size, size, offset, extra }
}

/// Little-endian numbers, one after the other.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position as u64
    }

    fn is_at_end(&self) -> bool {
        self.position == self.bytes.len()
    }

    pub(crate) fn take(&mut self, len: usize) -> &'a [u8] {
        let taken = &self.bytes[self.position..][..len];
        self.position += len;
        taken
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take(2).try_into().unwrap())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }
}
