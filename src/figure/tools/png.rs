//! PNG: the pixels of a page as a file.
//!
//! plotters can write one, but only with the fastest setting of its library (`bitmap.rs:202` of its
//! backend), which shortens runs of one colour and nothing else. In our figures letters, marks and arrows
//! return again and again. So we look for earlier copies, as DEFLATE (RFC 1951) allows, and a file takes
//! two thirds of the bytes. DEFLATE also allows a code made for the file at hand. It would save a fifth of
//! the rest for twice the lines, so we use the code that is fixed once for all.

use std::iter;

/// The farthest distance of a copy.
const WINDOW: usize = 1 << 15;
/// The shortest and the longest copy, in bytes.
const SHORTEST: usize = 3;
const LONGEST: usize = 258;
/// How many earlier places are compared with one.
const TRIES: usize = 32;

/// A file of `width` × `height` pixels from their reds, greens and blues, row by row from the top.
pub(super) fn png((width, height): (u32, u32), rgb: &[u8]) -> Vec<u8> {
    // 8 bits for each of 3 colours; then the only ways to compress and to filter, and no interlacing.
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut scanlines = Vec::with_capacity(rgb.len() + height as usize);
    for row in rgb.chunks_exact(3 * width as usize) {
        scanlines.push(0); // how the row is filtered: not at all
        scanlines.extend(row);
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", &header), (b"IDAT", &zlib(&scanlines)), (b"IEND", &vec![])] {
        file.extend((data.len() as u32).to_be_bytes());
        let start = file.len();
        file.extend(name.iter().chain(data));
        let sum = crc(&file[start..]);
        file.extend(sum.to_be_bytes());
    }
    file
}

/// CRC-32: the remainder of the bits, read as a polynomial over {0, 1}, after division by a fixed one.
fn crc(bytes: &[u8]) -> u32 {
    let shift = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), shift))
}

/// RFC 1950: a header, the compressed bytes, and Adler-32 of the bytes before compression.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    const BASE: u32 = 65_521;
    let add = |(a, b), &byte: &u8| {
        let a = (a + u32::from(byte)) % BASE;
        (a, (b + a) % BASE)
    };
    let (a, b) = bytes.iter().fold((1, 0), add);
    [&[0x78, 0x01], &deflate(bytes)[..], &(b << 16 | a).to_be_bytes()].concat()
}

/// One block of bytes and copies, in DEFLATE's fixed code.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut places) = (Bits::default(), Places::new(bytes));
    out.push(0b011, 3); // the last block, fixed code
    let mut at = 0;
    while at < bytes.len() {
        let (length, distance) = places.longest_copy(at);
        if length < SHORTEST {
            out.symbol(u32::from(bytes[at]));
            places.enter(at);
            at += 1;
            continue;
        }
        if length == LONGEST {
            out.symbol(285);
        } else {
            let (code, rest, bits) = graded(length - SHORTEST, 2);
            out.symbol(257 + code);
            out.push(rest, bits);
        }
        let (code, rest, bits) = graded(distance - 1, 1);
        out.huffman(code, 5);
        out.push(rest, bits);
        (at..at + length).for_each(|place| places.enter(place));
        at += length;
    }
    out.symbol(256);
    out.bytes
}

/// How DEFLATE writes a number: a name, and extra bits that say which number of that name is meant. Each
/// doubling has 2^`fine` names. (name, extra, how many bits)
fn graded(number: usize, fine: u32) -> (u32, u32, u32) {
    let number = number as u32;
    let bits = number.checked_ilog2().unwrap_or(0).saturating_sub(fine);
    ((bits << fine) + (number >> bits), number & ((1 << bits) - 1), bits)
}

/// Bits, from the lowest of the first byte on.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// How many bits of the last byte are taken.
    taken: u32,
}

impl Bits {
    /// The lowest `count` bits of a number, the lowest first.
    fn push(&mut self, number: u32, count: u32) {
        for i in 0..count {
            if self.taken.is_multiple_of(8) {
                self.bytes.push(0);
                self.taken = 0;
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= ((number >> i & 1) as u8) << self.taken;
            self.taken += 1;
        }
    }

    /// The same, the highest of them first.
    fn huffman(&mut self, code: u32, count: u32) {
        self.push(code.reverse_bits() >> (32 - count), count);
    }

    /// A byte, 256 for the end, or from 257 on the length of a copy.
    fn symbol(&mut self, symbol: u32) {
        match symbol {
            0..144 => self.huffman(0x30 + symbol, 8),
            144..256 => self.huffman(0x190 + symbol - 144, 9),
            256..280 => self.huffman(symbol - 256, 7),
            _ => self.huffman(0xc0 + symbol - 280, 8),
        }
    }
}

/// Where three bytes have stood before.
struct Places<'a> {
    bytes: &'a [u8],
    /// For each hash of three bytes the last place that has it.
    last: Vec<usize>,
    /// For each place in the window, modulo its length, the one before with the same hash.
    before: Vec<usize>,
}

/// No place.
const NONE: usize = usize::MAX;

impl<'a> Places<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, last: vec![NONE; 1 << 15], before: vec![NONE; WINDOW] }
    }

    fn hash(&self, at: usize) -> Option<usize> {
        let [a, b, c] = *self.bytes.get(at..)?.first_chunk()?;
        let hash = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9e37_79b1);
        Some((hash >> 17) as usize)
    }

    fn enter(&mut self, at: usize) {
        if let Some(hash) = self.hash(at) {
            self.before[at % WINDOW] = std::mem::replace(&mut self.last[hash], at);
        }
    }

    /// Of the bytes from `at` on: how many have stood before, and how far before. (0, 0) if none have.
    fn longest_copy(&self, at: usize) -> (usize, usize) {
        let known = |place: usize| (place != NONE && at - place <= WINDOW).then_some(place);
        let first = self.hash(at).and_then(|hash| known(self.last[hash]));
        let earlier = iter::successors(first, |&place| known(self.before[place % WINDOW]));
        let here = &self.bytes[at..self.bytes.len().min(at + LONGEST)];
        let mut best = (0, 0);
        for place in earlier.take(TRIES) {
            let length = here.iter().zip(&self.bytes[place..]).take_while(|(a, b)| a == b).count();
            if length > best.0 {
                best = (length, at - place);
            }
            if length == here.len() {
                break;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::noise::Generator;
    use rand::{RngExt, SeedableRng};

    /// The other direction, by the tables of RFC 1951.
    fn inflate(bytes: &[u8]) -> Vec<u8> {
        const LENGTHS: [usize; 29] = [
            3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99,
            115, 131, 163, 195, 227, 258,
        ];
        const DISTANCES: [usize; 30] = [
            1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025,
            1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
        ];
        let mut bits =
            bytes.iter().flat_map(|byte| (0..8).map(move |i| usize::from(byte >> i & 1)));
        let mut bit = || bits.next().expect("one more bit");
        assert_eq!([bit(), bit(), bit()], [1, 1, 0], "the last block, in the fixed code");
        let mut out = vec![];
        loop {
            let seven = (0..7).fold(0, |code, _| 2 * code + bit());
            let symbol = if seven < 0x18 {
                256 + seven
            } else {
                match 2 * seven + bit() {
                    eight @ 0x30..0xc0 => eight - 0x30,
                    eight @ 0xc0..0xc8 => eight - 0xc0 + 280,
                    eight => 2 * eight + bit() - 0x190 + 144,
                }
            };
            let mut rest = |count: usize| (0..count).map(|i| bit() << i).sum::<usize>();
            match symbol {
                0..256 => out.push(symbol as u8),
                256 => return out,
                _ => {
                    let i = symbol - 257;
                    let length = LENGTHS[i] + rest(if i < 8 || i == 28 { 0 } else { i / 4 - 1 });
                    let i = rest(5).reverse_bits() >> (usize::BITS - 5);
                    let distance = DISTANCES[i] + rest(if i < 4 { 0 } else { i / 2 - 1 });
                    (0..length).for_each(|_| out.push(out[out.len() - distance]));
                }
            }
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut rng = Generator::seed_from_u64(1);
        // Copies of every length and from everywhere in the window, and none at all; runs; nothing.
        let noise: Vec<u8> = (0..40_000).map(|_| rng.random()).collect();
        let mut copies = noise.clone();
        for length in 1..=600 {
            let back = rng.random_range(1..=WINDOW + 1000);
            let start = copies.len() - back;
            copies.extend_from_within(start..(start + length).min(copies.len()));
            copies.push(rng.random());
        }
        let runs: Vec<u8> = (0..300_u32).flat_map(|n| vec![n as u8; n as usize]).collect();
        // At the end of the window a copy is found, beyond it none.
        let [last, beyond] =
            [WINDOW, WINDOW + 1].map(|back| [&noise[..back], &noise[..200]].concat());
        let longer =
            |bytes: &[u8]| deflate(bytes).len() - deflate(&bytes[..bytes.len() - 200]).len();
        assert!(longer(&last) < 20 && longer(&beyond) > 200);
        for bytes in [noise, copies, runs, last, beyond, vec![], vec![7], vec![7; 4]] {
            assert_eq!(inflate(&deflate(&bytes)), bytes);
        }
        let repeated = vec![[1, 2, 3, 4, 5]; 1000].concat();
        assert!(deflate(&repeated).len() < 50, "copies are found");
    }

    /// As Python's `zlib` writes it at its fixed code (`Z_FIXED`), with its `crc32` and `adler32`.
    #[test]
    fn a_small_file_byte_by_byte() {
        const FILE: &[u8] = b"\x89PNG\r\n\x1a\n\
            \0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\x02\0\0\0\xfd\xd4\x9a\x73\
            \0\0\0\x11IDAT\x78\x01\x63\xf8\x0f\x06\x0c\x9c\x1c\xec\x40\x0a\0\x45\x43\x09\x10\x24\xc6\xce\x3e\
            \0\0\0\0IEND\xae\x42\x60\x82";
        let rgb = [[255; 3], [255; 3], [9, 8, 7], [255; 3]].concat();
        assert_eq!(png((2, 2), &rgb), FILE);
    }
}
