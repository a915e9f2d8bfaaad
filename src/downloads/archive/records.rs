//! The records of one zip entry: its local header, its data descriptor, its central header.

use std::sync::Arc;

use bytes::{BufMut as _, BytesMut};

use crate::{clock::Timestamp, content::packed::Packed};

/// Deflated nothing, as folders and empty files hold it.
pub(super) const DEFLATED_NOTHING: [u8; 2] = [0x03, 0x00];

/// What a 32-bit field shows when the value is in the zip64 field.
pub(super) const ZIP64_MAGIC: u64 = 0xFFFF_FFFF;

const LOCAL: u64 = 30;
const CENTRAL: u64 = 46;
const NTFS_FIELD: u64 = 36;
const DESCRIPTOR: u64 = 16;
const ZIP64_DESCRIPTOR: u64 = 24;
const ZIP64_LOCAL_FIELD: u64 = 20;

/// Bit 3, a data descriptor follows, and bit 11, the name is UTF-8.
const FLAGS: u16 = 0x0808;

/// What is to become a zip entry.
#[derive(Clone, Debug)]
pub(crate) struct ZipEntry {
    /// With a `/` at the end for a folder.
    pub(crate) name: Box<str>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// None for folders and empty files.
    pub(crate) packed: Option<Arc<Packed>>,
}

impl ZipEntry {
    pub(super) fn data_len(&self) -> u64 {
        self.packed.as_ref().map_or(DEFLATED_NOTHING.len() as u64, |packed| packed.len())
    }

    fn size(&self) -> u64 {
        self.packed.as_ref().map_or(0, |packed| packed.size)
    }

    fn crc(&self) -> u32 {
        self.packed.as_ref().map_or(0, |packed| packed.crc)
    }

    /// Whether a size does not fit in 32 bits.
    pub(super) fn is_large(&self) -> bool {
        self.packed.as_ref().is_some_and(|packed| packed.is_large())
    }

    fn name_len(&self) -> u64 {
        self.name.len() as u64
    }

    fn path_field_len(&self) -> u64 {
        9 + self.name_len()
    }

    pub(super) fn local_len(&self) -> u64 {
        let zip64 = if self.is_large() { ZIP64_LOCAL_FIELD } else { 0 };
        LOCAL + self.name_len() + zip64 + NTFS_FIELD + self.path_field_len()
    }

    pub(super) fn descriptor_len(&self) -> u64 {
        if self.is_large() { ZIP64_DESCRIPTOR } else { DESCRIPTOR }
    }

    /// Data of the zip64 field in the central header.
    fn zip64_central_len(&self, offset: u64) -> u64 {
        let sizes = if self.is_large() { 16 } else { 0 };
        sizes + if offset >= ZIP64_MAGIC { 8 } else { 0 }
    }

    pub(super) fn central_len(&self, offset: u64) -> u64 {
        let zip64 = match self.zip64_central_len(offset) {
            0 => 0,
            len => 4 + len,
        };
        CENTRAL + self.name_len() + zip64 + NTFS_FIELD + self.path_field_len()
    }

    pub(super) fn write_local(&self, out: &mut BytesMut) {
        let large = self.is_large();
        out.put_u32_le(0x0403_4B50);
        out.put_u16_le(if large { 45 } else { 20 });
        self.write_common(out);
        out.put_u32_le(0);
        let size = if large { u32::MAX } else { 0 };
        out.put_u32_le(size);
        out.put_u32_le(size);
        out.put_u16_le(low_u16(self.name_len()));
        out.put_u16_le(low_u16(self.local_len() - LOCAL - self.name_len()));
        out.put_slice(self.name.as_bytes());
        if large {
            out.put_u16_le(0x0001);
            out.put_u16_le(16);
            out.put_bytes(0, 16);
        }
        self.write_fields(out);
    }

    pub(super) fn write_descriptor(&self, out: &mut BytesMut) {
        out.put_u32_le(0x0807_4B50);
        out.put_u32_le(self.crc());
        if self.is_large() {
            out.put_u64_le(self.data_len());
            out.put_u64_le(self.size());
        } else {
            out.put_u32_le(low_u32(self.data_len()));
            out.put_u32_le(low_u32(self.size()));
        }
    }

    pub(super) fn write_central(&self, offset: u64, after_zip64: bool, out: &mut BytesMut) {
        let zip64 = self.zip64_central_len(offset);
        let shown = |value: u64| if self.is_large() { u32::MAX } else { low_u32(value) };
        out.put_u32_le(0x0201_4B50);
        out.put_u16_le(if after_zip64 { 45 } else { 20 });
        out.put_u16_le(if zip64 > 0 { 45 } else { 20 });
        self.write_common(out);
        out.put_u32_le(self.crc());
        out.put_u32_le(shown(self.data_len()));
        out.put_u32_le(shown(self.size()));
        out.put_u16_le(low_u16(self.name_len()));
        out.put_u16_le(low_u16(self.central_len(offset) - CENTRAL - self.name_len()));
        // No comment, first disk, no internal and no external attributes.
        out.put_bytes(0, 10);
        out.put_u32_le(low_u32(offset.min(ZIP64_MAGIC)));
        out.put_slice(self.name.as_bytes());
        if zip64 > 0 {
            out.put_u16_le(0x0001);
            out.put_u16_le(low_u16(zip64));
            if self.is_large() {
                out.put_u64_le(self.size());
                out.put_u64_le(self.data_len());
            }
            if offset >= ZIP64_MAGIC {
                out.put_u64_le(offset);
            }
        }
        self.write_fields(out);
    }

    /// Flags, method and DOS date, which both headers share.
    fn write_common(&self, out: &mut BytesMut) {
        out.put_u16_le(FLAGS);
        out.put_u16_le(8);
        out.put_u32_le(dos_time(self.modified));
    }

    /// The NTFS dates and the Unicode path.
    fn write_fields(&self, out: &mut BytesMut) {
        out.put_u16_le(0x000A);
        out.put_u16_le(32);
        out.put_u32_le(0);
        out.put_u16_le(0x0001);
        out.put_u16_le(24);
        out.put_u64_le(ntfs_time(self.modified));
        out.put_u64_le(0);
        out.put_u64_le(ntfs_time(self.created));
        out.put_u16_le(0x7075);
        out.put_u16_le(low_u16(5 + self.name_len()));
        out.put_u8(1);
        out.put_u32_le(crc32fast::hash(self.name.as_bytes()));
        out.put_slice(self.name.as_bytes());
    }
}

/// The low 16 bits. Values were laid out to fit; longer names than a zip can hold are cut off by the plan.
pub(super) fn low_u16(value: u64) -> u16 {
    u16::try_from(value & 0xFFFF).unwrap_or_default()
}

pub(super) fn low_u32(value: u64) -> u32 {
    u32::try_from(value & 0xFFFF_FFFF).unwrap_or_default()
}

/// Date and time in the two-second steps of DOS, in UTC, the time zone of the real server's image. What lies before
/// 1980 is shown as its first day, as the real server's library does.
fn dos_time(time: Timestamp) -> u32 {
    let at = time.utc();
    let Ok(year) = u32::try_from(i32::from(at.year()) - 1980) else { return 1 << 21 | 1 << 16 };
    let field = |value: i8| u32::try_from(value).unwrap_or_default();
    year.min(127) << 25
        | field(at.month()) << 21
        | field(at.day()) << 16
        | field(at.hour()) << 11
        | field(at.minute()) << 5
        | field(at.second()) >> 1
}

/// Steps of 100 ns since 1601, as Windows counts.
fn ntfs_time(time: Timestamp) -> u64 {
    u64::try_from((i128::from(time.as_millis()) + 11_644_473_600_000) * 10_000).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_before_dos_are_its_first_day() {
        assert_eq!(dos_time(Timestamp::from_millis(0)), 1 << 21 | 1 << 16);
        assert_eq!(dos_time(Timestamp::from_millis(315_532_800_000)), 1 << 21 | 1 << 16);
    }
}
