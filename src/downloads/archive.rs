//! The zip file itself: described, not copied.
//!
//! An archive is its entries' names, dates and deflated contents, laid out so that every offset is known. Headers are
//! written when they are read. The bytes are the real server's, save the deflated ones (wire reference, downloads,
//! section 4.2): a writer over a stream that cannot seek, so sizes follow the data in a descriptor; folders and empty
//! files deflated too; NTFS dates, then the Unicode path. Beyond the real server, an entry of 4 GiB or more gets a
//! zip64 descriptor instead of failing the job. Where zip64 is needed, the records follow the real server's library
//! (the field comes first, and later central headers say that they were made by version 4.5).

mod records;

use bytes::{Buf as _, BufMut as _, BytesMut};

pub(crate) use self::records::ZipEntry;
use self::records::{DEFLATED_NOTHING, ZIP64_MAGIC, low_u16, low_u32};
use crate::{
    content::{Piece, packed::Packed, to_usize},
    faults::ZipPart,
};

/// Small pieces are gathered to this length: a socket takes few large pieces better than many small ones.
const GATHERED: usize = 64 << 10;

const END: u64 = 22;
const ZIP64_END: u64 = 56 + 20;

/// A zip file, laid out.
#[derive(Debug)]
pub(crate) struct Archive {
    entries: Vec<Laid>,
    /// The first entry with a size that does not fit in 32 bits.
    first_large: Option<usize>,
    /// Where the central directory begins.
    central: u64,
    /// Where the end records begin.
    end: u64,
    len: u64,
}

#[derive(Debug)]
struct Laid {
    entry: ZipEntry,
    /// Where its local header begins.
    offset: u64,
    /// Where its central header begins.
    central: u64,
}

impl Archive {
    /// Lays the entries out in their order.
    pub(crate) fn new(entries: impl IntoIterator<Item = ZipEntry>) -> Self {
        let mut offset = 0;
        let mut entries: Vec<Laid> = entries
            .into_iter()
            .map(|entry| {
                let laid = Laid { offset, central: 0, entry };
                offset += laid.entry.local_len() + laid.entry.data_len() + laid.entry.descriptor_len();
                laid
            })
            .collect();
        entries.shrink_to_fit();
        let mut end = offset;
        for laid in &mut entries {
            laid.central = end;
            end += laid.entry.central_len(laid.offset);
        }
        let first_large = entries.iter().position(|laid| laid.entry.is_large());
        let mut archive = Self { entries, first_large, central: offset, end, len: 0 };
        archive.len = end + END + if archive.ends_with_zip64() { ZIP64_END } else { 0 };
        archive
    }

    /// Bytes of the zip file.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// What is in it, in its order.
    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = &ZipEntry> {
        self.entries.iter().map(|laid| &laid.entry)
    }

    /// Where a part of it lies, of the entry of that index, and how long it is.
    pub(crate) fn locate(&self, part: ZipPart, index: usize) -> Option<(u64, u64)> {
        if part == ZipPart::CentralDirectory {
            return Some((self.central, self.end - self.central));
        }
        let Laid { entry, offset, .. } = self.entries.get(index)?;
        Some(match part {
            ZipPart::LocalHeader => (*offset, entry.local_len()),
            _ => (offset + entry.local_len(), entry.data_len()),
        })
    }

    /// Some of the bytes from `offset` on, at most up to `end`.
    pub(crate) fn piece_at(&self, offset: u64, end: u64) -> Piece {
        let wanted = to_usize((end - offset).min(GATHERED as u64));
        let mut gathered = BytesMut::new();
        while gathered.len() < wanted {
            let at = offset + gathered.len() as u64;
            match self.part_at(at) {
                Part::Data(packed, from) => match packed.piece_at(from, packed.len().min(from + (end - at))) {
                    Piece::Bytes(bytes) if bytes.len() < GATHERED / 2 => gathered.extend_from_slice(&bytes),
                    piece if gathered.is_empty() => return piece,
                    _ => break,
                },
                Part::Record(record, skip) => {
                    if gathered.is_empty() {
                        gathered.reserve(wanted + 1024);
                    }
                    self.write(record, &mut gathered);
                    // Only the first record can begin before the offset.
                    gathered.advance(skip);
                }
            }
        }
        gathered.truncate(to_usize((end - offset).min(gathered.len() as u64)));
        Piece::Bytes(gathered.freeze())
    }

    /// What lies at `offset`, and how much of it lies before.
    fn part_at(&self, offset: u64) -> Part<'_> {
        if offset >= self.end {
            return Part::record(Record::End, offset - self.end);
        }
        if offset >= self.central {
            let index = self.entries.partition_point(|laid| laid.central <= offset) - 1;
            return Part::record(Record::Central(index), offset - self.entries[index].central);
        }
        let index = self.entries.partition_point(|laid| laid.offset <= offset) - 1;
        let Laid { entry, offset: start, .. } = &self.entries[index];
        let data = start + entry.local_len();
        let descriptor = data + entry.data_len();
        if offset < data {
            Part::record(Record::Local(index), offset - start)
        } else if offset >= descriptor {
            Part::record(Record::Descriptor(index), offset - descriptor)
        } else if let Some(packed) = &entry.packed {
            Part::Data(packed, offset - data)
        } else {
            Part::record(Record::Nothing, offset - data)
        }
    }

    fn write(&self, record: Record, out: &mut BytesMut) {
        match record {
            Record::Local(index) => self.entries[index].entry.write_local(out),
            Record::Nothing => out.put_slice(&DEFLATED_NOTHING),
            Record::Descriptor(index) => self.entries[index].entry.write_descriptor(out),
            Record::Central(index) => {
                let laid = &self.entries[index];
                let after_zip64 = laid.offset >= ZIP64_MAGIC || self.first_large.is_some_and(|first| first <= index);
                laid.entry.write_central(laid.offset, after_zip64, out);
            }
            Record::End => self.write_end(out),
        }
    }

    fn ends_with_zip64(&self) -> bool {
        self.entries.len() > 0xFFFF
            || self.central >= ZIP64_MAGIC
            || self.end - self.central >= ZIP64_MAGIC
            || self.entries.last().is_some_and(|last| last.offset >= ZIP64_MAGIC)
            || self.first_large.is_some()
    }

    fn write_end(&self, out: &mut BytesMut) {
        let entries = self.entries.len() as u64;
        let central_len = self.end - self.central;
        if self.ends_with_zip64() {
            out.put_u32_le(0x0606_4B50);
            out.put_u64_le(44);
            out.put_u16_le(45);
            out.put_u16_le(45);
            out.put_u32_le(0);
            out.put_u32_le(0);
            out.put_u64_le(entries);
            out.put_u64_le(entries);
            out.put_u64_le(central_len);
            out.put_u64_le(self.central);
            out.put_u32_le(0x0706_4B50);
            out.put_u32_le(0);
            out.put_u64_le(self.end);
            out.put_u32_le(1);
        }
        out.put_u32_le(0x0605_4B50);
        out.put_u32_le(0);
        let shown = low_u16(entries.min(0xFFFF));
        out.put_u16_le(shown);
        out.put_u16_le(shown);
        out.put_u32_le(low_u32(central_len.min(ZIP64_MAGIC)));
        out.put_u32_le(low_u32(self.central.min(ZIP64_MAGIC)));
        out.put_u16_le(0);
    }
}

/// A piece of the file that is written when it is read.
#[derive(Clone, Copy)]
enum Record {
    Local(usize),
    /// The data of a folder or an empty file.
    Nothing,
    Descriptor(usize),
    Central(usize),
    End,
}

enum Part<'a> {
    /// A record, and how many of its bytes lie before the offset.
    Record(Record, usize),
    /// Deflated content, and how many of its bytes lie before the offset.
    Data(&'a Packed, u64),
}

impl Part<'_> {
    fn record(record: Record, skip: u64) -> Self {
        Self::Record(record, to_usize(skip))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Cursor, Read as _},
        sync::Arc,
    };

    use super::*;
    use crate::{
        clock::Timestamp,
        content::{Content, packed::Data},
    };

    const CREATED: Timestamp = Timestamp::from_millis(1_782_119_701_000);
    const MODIFIED: Timestamp = Timestamp::from_millis(1_782_119_702_456);

    fn entry(name: &str, content: Option<(&[u8], &'static [u8])>) -> ZipEntry {
        let packed = content.map(|(content, deflated)| {
            let data = [Data::Memory(deflated.into())];
            Arc::new(Packed::new(crc32fast::hash(content), content.len() as u64, data, None))
        });
        ZipEntry { name: name.into(), created: CREATED, modified: MODIFIED, packed }
    }

    fn huge(name: &str, size: u64) -> ZipEntry {
        let data = [Data::Repeated { block: vec![0; 1 << 20].into(), times: size >> 20 }];
        ZipEntry { packed: Some(Arc::new(Packed::new(1, size, data, None))), ..entry(name, None) }
    }

    fn bytes_of(archive: Archive) -> Vec<u8> {
        let content = Content::archive(Arc::new(archive));
        content.read(0, content.size()).unwrap().to_vec()
    }

    fn dummy() -> ZipEntry {
        // "dummy content", deflated by zlib at level 6.
        entry(
            "docTest3.txt",
            Some((b"dummy content", &[75, 41, 205, 205, 173, 84, 72, 206, 207, 43, 73, 205, 43, 1, 0])),
        )
    }

    /// Section 4.2 of the wire reference, field by field, at the size that it states.
    #[test]
    fn the_layout_is_the_real_servers_to_the_byte() {
        let bytes = bytes_of(Archive::new([dummy()]));
        assert_eq!(bytes.len(), 267);
        let crc = crc32fast::hash(b"dummy content").to_le_bytes();
        let name = b"docTest3.txt";
        let dates = [
            &[0x0A, 0, 32, 0, 0, 0, 0, 0, 1, 0, 24, 0][..],
            &(13_426_593_302_456_u64 * 10_000).to_le_bytes(),
            &[0; 8],
            &(13_426_593_301_000_u64 * 10_000).to_le_bytes(),
        ]
        .concat();
        let path = [&[0x75, 0x70, 17, 0, 1][..], &crc32fast::hash(name).to_le_bytes(), name].concat();
        // 22 June 2026, 09:15:02
        let common = [0x08, 0x08, 8, 0, 0xE1, 0x49, 0xD6, 0x5C];
        let expected = [
            &b"PK\x03\x04\x14\0"[..],
            &common,
            &[0; 12],
            &[12, 0, 57, 0],
            name,
            &dates,
            &path,
            &[75, 41, 205, 205, 173, 84, 72, 206, 207, 43, 73, 205, 43, 1, 0],
            b"PK\x07\x08",
            &crc,
            &[15, 0, 0, 0, 13, 0, 0, 0],
            b"PK\x01\x02\x14\0\x14\0",
            &common,
            &crc,
            &[15, 0, 0, 0, 13, 0, 0, 0],
            &[12, 0, 57, 0],
            &[0; 14],
            name,
            &dates,
            &path,
            b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
            &[115, 0, 0, 0, 130, 0, 0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn folders_and_empty_files_are_two_deflated_bytes() {
        let bytes = bytes_of(Archive::new([entry("a/", None)]));
        assert_eq!(bytes[30 + 2 + 36 + 11..][..2], DEFLATED_NOTHING);
        assert_eq!(bytes.len(), 30 + 2 + 47 + 2 + 16 + 46 + 2 + 47 + 22);
    }

    #[test]
    fn an_archive_of_nothing_is_its_end_record() {
        assert_eq!(bytes_of(Archive::new([])), [&b"PK\x05\x06"[..], &[0; 18]].concat());
    }

    #[test]
    fn a_zip_reader_finds_every_entry_and_its_bytes() {
        let bytes = bytes_of(Archive::new([entry("f/", None), dummy(), entry("\u{6587} a/empty.txt", None)]));
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["f/", "docTest3.txt", "\u{6587} a/empty.txt"]);
        let mut content = String::new();
        zip.by_index(1).unwrap().read_to_string(&mut content).unwrap();
        assert_eq!(content, "dummy content");
    }

    #[test]
    fn every_range_is_the_same_as_in_the_whole() {
        let content = Content::archive(Arc::new(Archive::new([entry("f/", None), dummy(), dummy()])));
        let whole = content.read(0, content.size()).unwrap();
        for from in 0..content.size() {
            for to in from + 1..=content.size() {
                assert_eq!(content.read(from, to).unwrap(), whole[to_usize(from)..to_usize(to)], "{from}..{to}");
            }
        }
    }

    #[test]
    fn zip64_records_appear_only_when_counts_or_offsets_or_sizes_need_them() {
        let tail = |archive: Archive| {
            let len = archive.len();
            let content = Content::archive(Arc::new(archive));
            content.read(len - END - ZIP64_END, len).unwrap()
        };
        let many = |count| Archive::new((0..count).map(|number| entry(&number.to_string(), None)));
        assert!(!tail(many(0xFFFF)).starts_with(b"PK\x06\x06"));
        let end = tail(many(0x1_0000));
        assert!(end.starts_with(b"PK\x06\x06"));
        assert_eq!(end[32..40], 0x1_0000_u64.to_le_bytes());
        assert!(tail(Archive::new([huge("big", 5 << 30)])).starts_with(b"PK\x06\x06"));
        assert!(tail(Archive::new([huge("a", 3 << 30), huge("b", 3 << 30), dummy()])).starts_with(b"PK\x06\x06"));
    }

    /// Both headers end with these: the dates, then the path.
    fn fields(name: &str) -> Vec<u8> {
        let length = u16::try_from(5 + name.len()).unwrap().to_le_bytes();
        [
            &[0x0A, 0, 32, 0, 0, 0, 0, 0, 1, 0, 24, 0][..],
            &(13_426_593_302_456_u64 * 10_000).to_le_bytes(),
            &[0; 8],
            &(13_426_593_301_000_u64 * 10_000).to_le_bytes(),
            &[0x75, 0x70],
            &length,
            &[1],
            &crc32fast::hash(name.as_bytes()).to_le_bytes(),
            name.as_bytes(),
        ]
        .concat()
    }

    /// What the real server's library writes where 32 bits are too few, field by field.
    #[test]
    fn a_large_entry_is_described_by_zip64_and_so_is_what_lies_behind_it() {
        const SIZE: u64 = 5 << 30;
        let archive = Archive::new([huge("big", SIZE), dummy()]);
        let local = |index| archive.locate(ZipPart::LocalHeader, index).unwrap();
        let central = archive.locate(ZipPart::CentralDirectory, 0).unwrap();
        assert_eq!(local(0), (0, 101));
        assert_eq!(archive.locate(ZipPart::Data, 0), Some((101, SIZE)));
        let second = 101 + SIZE + 24;
        assert_eq!(local(1), (second, 99));
        assert_eq!(archive.locate(ZipPart::Data, 1), Some((second + 99, 15)));
        assert_eq!(archive.locate(ZipPart::Data, 2), None);
        assert_eq!(central, (second + 99 + 15 + 16, 117 + 127));
        let content = Content::archive(Arc::new(archive));
        let common = [0x08, 0x08, 8, 0, 0xE1, 0x49, 0xD6, 0x5C];
        let all = [0xFF; 8];
        let header =
            [&b"PK\x03\x04\x2D\0"[..], &common, &[0; 4], &all, &[3, 0, 68, 0], b"big", &[1, 0, 16, 0], &[0; 16]];
        assert_eq!(content.read(0, 101).unwrap(), [header.concat(), fields("big")].concat());
        let descriptor = [&b"PK\x07\x08\x01\0\0\0"[..], &SIZE.to_le_bytes(), &SIZE.to_le_bytes()].concat();
        assert_eq!(content.read(101 + SIZE, second).unwrap(), descriptor);
        let first = [
            &b"PK\x01\x02\x2D\0\x2D\0"[..],
            &common,
            &[1, 0, 0, 0],
            &all,
            &[3, 0, 68, 0],
            &[0; 14],
            b"big",
            &[1, 0, 16, 0],
            &SIZE.to_le_bytes(),
            &SIZE.to_le_bytes(),
            &fields("big"),
        ];
        let crc = crc32fast::hash(b"dummy content").to_le_bytes();
        let behind = [
            &b"PK\x01\x02\x2D\0\x2D\0"[..],
            &common,
            &crc,
            &[15, 0, 0, 0, 13, 0, 0, 0],
            &[12, 0, 69, 0],
            &[0; 10],
            &[0xFF; 4],
            b"docTest3.txt",
            &[1, 0, 8, 0],
            &second.to_le_bytes(),
            &fields("docTest3.txt"),
        ];
        let (start, length) = central;
        let end = [
            &b"PK\x06\x06"[..],
            &44_u64.to_le_bytes(),
            &[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &2_u64.to_le_bytes(),
            &2_u64.to_le_bytes(),
            &length.to_le_bytes(),
            &start.to_le_bytes(),
            b"PK\x06\x07\0\0\0\0",
            &(start + length).to_le_bytes(),
            b"\x01\0\0\0PK\x05\x06\0\0\0\0\x02\0\x02\0",
            &u32::try_from(length).unwrap().to_le_bytes(),
            &[0xFF; 4],
            &[0; 2],
        ];
        let expected = [first.concat(), behind.concat(), end.concat()].concat();
        assert_eq!(content.read(start, content.size()).unwrap(), expected);
    }

    #[test]
    fn an_offset_needs_zip64_from_the_value_on_that_stands_for_it() {
        // Its local header has 77 bytes, its descriptor 16.
        let filler = |end: u64| {
            let rest = end - 77 - 16 - (4095 << 20);
            let data = [
                Data::Repeated { block: vec![0; 1 << 20].into(), times: 4095 },
                Data::Repeated { block: vec![0; to_usize(rest)].into(), times: 1 },
            ];
            ZipEntry { packed: Some(Arc::new(Packed::new(1, 1, data, None))), ..entry("a", None) }
        };
        for (offset, zip64) in [(ZIP64_MAGIC - 1, 0), (ZIP64_MAGIC, 12)] {
            let archive = Archive::new([filler(offset), entry("b/", None)]);
            assert_eq!(archive.locate(ZipPart::LocalHeader, 1), Some((offset, 79)));
            let (start, length) = archive.locate(ZipPart::CentralDirectory, 0).unwrap();
            assert_eq!(length, (46 + 1 + 46) + (46 + 2 + 47) + zip64, "at {offset}");
            let content = Content::archive(Arc::new(archive));
            let second = content.read(start + 93, start + length).unwrap();
            assert_eq!(second[4..8], if zip64 > 0 { [45, 0, 45, 0] } else { [20, 0, 20, 0] });
            assert_eq!(second[42..46], u32::try_from(offset).unwrap().to_le_bytes());
        }
    }
}
